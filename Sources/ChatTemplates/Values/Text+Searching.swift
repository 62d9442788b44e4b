import Foundation

extension Text {
  /// The first byte offset at or after `start`, before `end`, where `other` stands.
  func firstRange(of other: Text, from start: Int = 0, to end: Int? = nil) -> Int? {
    let end = end ?? bytes.count
    guard start <= end, other.bytes.count <= end - start else { return nil }
    if other.isEmpty { return start }
    return bytes.withUnsafeBytes { haystack in
      other.bytes.withUnsafeBytes { needle in
        Text.find(needle, in: UnsafeRawBufferPointer(rebasing: haystack[start..<end])).map { $0 + start }
      }
    }
  }

  private static func find(_ needle: UnsafeRawBufferPointer, in haystack: UnsafeRawBufferPointer) -> Int? {
    guard let base = haystack.baseAddress, let pattern = needle.baseAddress else { return nil }
    if needle.count > 16 { return findLong(needle, in: haystack) }
    var start = 0
    while start + needle.count <= haystack.count {
      let last = haystack.count - needle.count
      guard let first = memchr(base + start, Int32(needle[0]), last - start + 1) else { return nil }
      start = UnsafeRawPointer(first) - base
      if memcmp(first, pattern, needle.count) == 0 { return start }
      start += 1
    }
    return nil
  }

  /// Knuth, Morris and Pratt's search, which a text made for it cannot slow down.
  private static func findLong(_ needle: UnsafeRawBufferPointer, in haystack: UnsafeRawBufferPointer) -> Int? {
    var borders = [Int](repeating: 0, count: needle.count)
    var matched = 0
    for index in 1..<needle.count {
      while matched > 0, needle[index] != needle[matched] { matched = borders[matched - 1] }
      if needle[index] == needle[matched] { matched += 1 }
      borders[index] = matched
    }
    matched = 0
    for index in 0..<haystack.count {
      while matched > 0, haystack[index] != needle[matched] { matched = borders[matched - 1] }
      if haystack[index] == needle[matched] { matched += 1 }
      if matched == needle.count { return index + 1 - needle.count }
    }
    return nil
  }

  /// The last byte offset where `other` stands wholly within the range.
  func lastRange(of other: Text, from start: Int = 0, to end: Int? = nil) -> Int? {
    let end = end ?? bytes.count
    guard start <= end, other.bytes.count <= end - start else { return nil }
    if other.isEmpty { return end }
    let reversedBytes = Text(Array(bytes[start..<end].reversed()))
    guard let found = reversedBytes.firstRange(of: Text(Array(other.bytes.reversed()))) else { return nil }
    return end - found - other.bytes.count
  }

  func contains(_ other: Text) -> Bool { firstRange(of: other) != nil }

  func hasPrefix(_ other: Text) -> Bool { bytes.starts(with: other.bytes) }

  func hasSuffix(_ other: Text) -> Bool {
    bytes.count >= other.bytes.count && bytes[(bytes.count - other.bytes.count)...].elementsEqual(other.bytes)
  }

  /// How often `other` stands in the text without overlapping; between all scalars and at both ends if it is empty.
  func occurrences(of other: Text) -> Int {
    if other.isEmpty { return count + 1 }
    var (total, start) = (0, 0)
    while let found = firstRange(of: other, from: start) {
      total += 1
      start = found + other.bytes.count
    }
    return total
  }

  /// With at most `limit` occurrences of `old` replaced, all if it is negative.
  func replacing(_ old: Text, with new: Text, limit: Int = -1) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    var remaining = limit < 0 ? Int.max : limit
    if old.isEmpty {
      for character in characters {
        if remaining > 0 {
          output.append(contentsOf: new.bytes)
          remaining -= 1
        }
        output.append(contentsOf: character.bytes)
      }
      if remaining > 0 { output.append(contentsOf: new.bytes) }
      return output
    }
    var start = 0
    while remaining > 0, let found = firstRange(of: old, from: start) {
      output.append(contentsOf: bytes[start..<found])
      output.append(contentsOf: new.bytes)
      start = found + old.bytes.count
      remaining -= 1
    }
    output.append(contentsOf: bytes[start...])
    return output
  }

  /// The bytes with the characters that mean something in HTML escaped, as MarkupSafe does.
  var escapedForHTML: Text {
    if isMarkup { return self }
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    for byte in bytes {
      switch byte {
      case 0x26: output.append(contentsOf: "&amp;".utf8)
      case 0x3C: output.append(contentsOf: "&lt;".utf8)
      case 0x3E: output.append(contentsOf: "&gt;".utf8)
      case 0x22: output.append(contentsOf: "&#34;".utf8)
      case 0x27: output.append(contentsOf: "&#39;".utf8)
      default: output.append(byte)
      }
    }
    return Text(output, isMarkup: true)
  }
}
