import Formats
import Foundation
import Tokenization

/// The golden files, written by scripts/golden/tokenizer.py.
enum Golden {
  static func path(_ name: String) throws -> String {
    guard let folder = Bundle.module.resourcePath else { throw TokenizerError("Golden", "the bundle has no resources") }
    return folder.appendingPath("Golden").appendingPath(name)
  }

  static func json(_ name: String) throws -> JSON { try JSON.parse(contentsOfFile: path(name)) }

  static func bytes(_ name: String) throws -> [UInt8] { try MappedFile(path(name)).withBytes { Array($0) } }

  /// The peer's tokenizer of a kind.
  static func tokenizer(_ kind: String) throws -> Tokenizer { try Tokenizer(directory: path("\(kind).json")) }

  static func strings(_ value: JSON?) -> [String] { value?.arrayValue?.compactMap(\.stringValue) ?? [] }

  static func ids(_ value: JSON?) -> [[UInt32]] {
    value?.arrayValue?.map { $0.arrayValue?.compactMap { $0.intValue.map { UInt32($0) } } ?? [] } ?? []
  }

  /// The pre-tokenizer of each kind.
  static let preTokenizers: [(String, PreTokenizer)] = [
    ("gpt2", .gpt2), ("llama3", .llama3), ("qwen2", .qwen2), ("smollm2", .smolLM2),
  ]

  /// A folder that is gone afterwards.
  static func withFolder<R>(_ body: (String) throws -> R) throws -> R {
    let folder = NSTemporaryDirectory().appendingPath("tokenization-\(UUID().uuidString)")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
  }
}

/// SplitMix64: the same numbers everywhere.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
