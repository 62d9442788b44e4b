import Corpora
import Formats
import Foundation
import Testing

/// A folder that goes away with the test that made it.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path.appendingPath("apus-corpora-\(UUID().uuidString)")
    try Paths.createFolder(path)
  }

  deinit { try? Paths.remove(path) }

  @discardableResult
  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    let path = path.appendingPath(name)
    try Paths.createFolder(path.parentPath)
    guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else {
      throw FileError(path: path, action: "cannot be written")
    }
    return path
  }

  @discardableResult
  func file(_ name: String, _ text: String) throws -> String { try file(name, Array(text.utf8)) }

  func names() throws -> [String] { try Paths.names(inFolder: path) }
}

func goldenFolder() throws -> String {
  try #require(Bundle.module.resourcePath).appendingPath("Golden")
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

/// SplitMix64, so that a test's choices are the same in every run.
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

/// A stand-in tokenizer: a byte is its value, 256 ends a text.
let byteEncoder = DocumentEncoder(name: "bytes", vocabularySize: 257, endOfText: 256) { $0.map(UInt32.init) }

/// A stand-in tokenizer with a vocabulary too large for two bytes.
let wideEncoder = DocumentEncoder(name: "wide", vocabularySize: 80_000, endOfText: 79_999) {
  $0.map { 300 * UInt32($0) }
}

/// Bytes of tokens of `byteEncoder`, end of text as "|".
@Sendable func decodeBytes(_ tokens: [UInt32]) -> [UInt8] { tokens.map { $0 == 256 ? 0x7C : UInt8($0) } }

/// Writes documents of the given lengths as one token file; each token is unlike its neighbours.
func writeTokenFile(_ path: String, lengths: [Int], firstToken: UInt32 = 0, tokenizer: String = "bytes") throws {
  let writer = try TokenFileWriter(path, tokenizer: tokenizer, tokenSize: 2)
  var next = firstToken
  for length in lengths {
    try writer.append(
      (0..<length).map { _ in
        next = (next + 1) % 60_000
        return next
      })
  }
  try writer.commit()
}

/// One sample as arrays.
func read(_ loader: MixtureLoader, _ n: UInt64) throws -> (
  tokens: [Int32], starts: [Int32], origin: MixtureLoader.SampleOrigin
) {
  var tokens = [Int32](repeating: -1, count: loader.sequenceLength + 1)
  var starts = tokens
  let origin = try tokens.withUnsafeMutableBufferPointer { tokens in
    try starts.withUnsafeMutableBufferPointer { try loader.sample(n, into: tokens, documentStarts: $0) }
  }
  return (tokens, starts, origin)
}
