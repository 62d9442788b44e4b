// swift-tools-version: 6.2
import PackageDescription

let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let collections: Target.Dependency = .product(name: "OrderedCollections", package: "swift-collections")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

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
    .target(name: "CKernels", cSettings: [.headerSearchPath("internal")]),
    .target(name: "CSandbox", cSettings: [.headerSearchPath("internal")]),
    .target(name: "Randomness"),
    .target(name: "Formats", dependencies: [collections, crypto]),
    .target(name: "Tensors", dependencies: ["CKernels", "Randomness"]),
    .target(name: "CUDARuntime", dependencies: ["Formats"]),
    .target(name: "CUDATensors", dependencies: ["CUDARuntime", "Tensors"], resources: [.embedInCode("Kernels")]),
    .target(name: "Tokenization", dependencies: ["Formats"]),
    .target(name: "ChatTemplates", dependencies: ["Formats", collections]),
    .target(name: "Corpora", dependencies: ["Formats", "Randomness", "Tokenization"]),
    .target(name: "Models", dependencies: ["Tensors", "Formats"]),
    .target(name: "Optimization", dependencies: ["Models"]),
    .target(name: "Reporting", dependencies: ["Formats", yams]),
    .target(name: "Planning", dependencies: ["Models", "Reporting"]),
    .target(name: "Inference", dependencies: ["ChatTemplates", "Models", "Tokenization"]),
    .target(
      name: "Evaluation",
      dependencies: ["ChatTemplates", "Corpora", "CSandbox", "Inference", "Reporting", collections, yams],
      resources: [.embedInCode("PromptSuite/prompt_suite.yaml"), .embedInCode("TaskFiles")]),
    .target(name: "Training", dependencies: ["Corpora", "Inference", "Optimization", "Planning", "Reporting", yams]),
    .target(name: "Lab", dependencies: ["Training", "Evaluation"]),
    .executableTarget(name: "apus", dependencies: ["ChatTemplates", "CUDATensors", "Lab", arguments, collections]),
    .testTarget(name: "ChatTemplatesTests", dependencies: ["ChatTemplates"], resources: [.copy("Golden")]),
    .testTarget(name: "CommandTests", dependencies: ["Formats"]),
    .testTarget(name: "CUDARuntimeTests", dependencies: ["CUDARuntime", "Formats", "TestSupport"]),
    .testTarget(
      name: "CUDATensorsTests", dependencies: ["CUDATensors", "CUDARuntime", "Tensors", "Formats", "TestSupport"]),
    .target(name: "TestSupport", dependencies: ["Training"], path: "Tests/TestSupport"),
    .testTarget(
      name: "CorporaTests", dependencies: ["Corpora", "Randomness", "TestSupport"],
      resources: [.copy("Golden")]),
    .executableTarget(name: "SandboxProbe", path: "Tests/SandboxProbe"),
    .testTarget(name: "EvaluationTests", dependencies: ["Evaluation", "SandboxProbe"], resources: [.copy("Golden")]),
    .testTarget(
      name: "FormatsTests", dependencies: ["Formats", "TestSupport", collections],
      resources: [.copy("Golden")]),
    .testTarget(name: "InferenceTests", dependencies: ["Inference"], resources: [.copy("Golden")]),
    .testTarget(name: "LabTests", dependencies: ["Lab", "TestSupport"]),
    .testTarget(name: "ModelsTests", dependencies: ["Models"], resources: [.copy("Golden")]),
    .testTarget(name: "OptimizationTests", dependencies: ["Optimization"], resources: [.copy("Golden")]),
    .testTarget(name: "PlanningTests", dependencies: ["Planning"]),
    .testTarget(name: "ReportingTests", dependencies: ["Reporting"]),
    .testTarget(name: "TensorsTests", dependencies: ["Tensors", "CKernels", "Randomness", "TestSupport"]),
    .testTarget(name: "TokenizationTests", dependencies: ["Tokenization"], resources: [.copy("Golden")]),
    .testTarget(name: "TrainingTests", dependencies: ["Training", "TestSupport"], resources: [.copy("Golden")]),
  ],
  swiftLanguageModes: [.v6]
)

// Fuzzing takes flags of its own: scripts/check/fuzz.sh.
if Context.environment["APUS_FUZZ"] != nil {
  package.targets.append(.executableTarget(name: "Fuzz", dependencies: ["Lab"], path: "Fuzz"))
}
