import Corpora
import Formats
import Foundation
import Testing

func goldenFolder() throws -> String {
  try #require(Bundle.module.resourcePath).appendingPath("Golden")
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
