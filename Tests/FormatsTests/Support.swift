import Formats
import Foundation
import Testing

/// A folder that goes away with the test that made it.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path.appendingPath("apus-formats-\(UUID().uuidString)")
    try Paths.createFolder(path)
  }

  deinit { try? Paths.remove(path) }

  func file(_ name: String, _ bytes: [UInt8] = []) throws -> String {
    let path = path.appendingPath(name)
    guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else {
      throw FileError(path: path, action: "cannot be written")
    }
    return path
  }
}

/// The path of a golden file.
func golden(_ name: String) throws -> String {
  let path = try #require(Bundle.module.resourcePath).appendingPath("Golden").appendingPath(name)
  try #require(Paths.exists(path))
  return path
}

func contents(_ path: String) throws -> [UInt8] {
  try MappedFile(path).withBytes { Array($0) }
}

/// The sentence of the error that `body` throws.
func sentence(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "nothing was thrown"
  } catch {
    return "\(error)"
  }
}

/// SplitMix64, so that the mutations of a test are the same in every run.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// The bytes with one to four random changes: a byte replaced, removed, inserted, or the end cut off.
func mutated(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
  var bytes = bytes
  for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
    let place = Int.random(in: 0..<bytes.count, using: &random)
    switch Int.random(in: 0..<8, using: &random) {
    case 0: bytes.remove(at: place)
    case 1: bytes.insert(UInt8.random(in: .min ... .max, using: &random), at: place)
    case 2: bytes.removeSubrange(place...)
    default: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
    }
  }
  return bytes
}
