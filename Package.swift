// swift-tools-version: 6.2
import PackageDescription

// The house: an arrow never points up. docs/ARCHITECTURE.md draws it.
let package = Package(
  name: "apus",
  products: [.executable(name: "apus", targets: ["apus"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .target(
      name: "Formats",
      dependencies: [
        .product(name: "OrderedCollections", package: "swift-collections"),
        .product(name: "Crypto", package: "swift-crypto"),
      ]),
    .target(name: "Corpora", dependencies: ["Formats"]),
    .target(name: "Models"),
    .target(name: "Tokenization", dependencies: ["Formats"]),
    .executableTarget(
      name: "apus",
      dependencies: [
        "Corpora", "Formats", "Models", "Tokenization",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .testTarget(
      name: "FormatsTests",
      dependencies: ["Formats", .product(name: "OrderedCollections", package: "swift-collections")],
      resources: [.copy("Golden")]),
    .testTarget(
      name: "CorporaTests", dependencies: ["Corpora", "Formats"], resources: [.copy("Golden")]),
    .testTarget(name: "TokenizationTests", dependencies: ["Formats", "Tokenization"], resources: [.copy("Golden")]),
  ],
  swiftLanguageModes: [.v6]
)
