import Formats
import Foundation
import TestSupport
import Testing

/// The path of a golden file.
func golden(_ name: String) throws -> String {
  let path = try #require(Bundle.module.resourcePath).appendingPath("Golden").appendingPath(name)
  try #require(Paths.exists(path))
  return path
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
