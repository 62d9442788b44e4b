/// A string as Python has it: compared byte by byte, addressed by Unicode scalars. The bytes are always valid UTF-8.
struct Text: Sendable {
  let bytes: [UInt8]
  /// Whether the filters `safe` or `escape` made it; joined to such a text, others have their HTML characters escaped.
  var isMarkup = false

  init(_ bytes: [UInt8], isMarkup: Bool = false) {
    self.bytes = bytes
    self.isMarkup = isMarkup
  }

  init(_ bytes: ArraySlice<UInt8>) { self.bytes = Array(bytes) }

  init(_ text: String) { bytes = Array(text.utf8) }

  init(_ scalar: Unicode.Scalar) { bytes = Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter) }

  static let empty = Text([])

  var string: String { String(decoding: bytes, as: UTF8.self) }
  var isEmpty: Bool { bytes.isEmpty }
  var plain: Text { Text(bytes) }
}

extension Text: Hashable {
  static func == (left: Text, right: Text) -> Bool { left.bytes == right.bytes }

  func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
}

extension Text: Comparable {
  /// Order by scalars, which is the order of the UTF-8 bytes.
  static func < (left: Text, right: Text) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}

extension Text: ExpressibleByStringLiteral {
  init(stringLiteral value: StaticString) { self.init("\(value)") }
}

// MARK: Scalars

extension Text {
  @inline(__always)
  static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

  /// The number of Unicode scalars, Python's `len`.
  var count: Int { Text.countScalars(bytes[...]) }

  static func countScalars(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.withUnsafeBufferPointer { $0.reduce(0) { $0 + (isContinuation($1) ? 0 : 1) } }
  }

  /// The scalar that begins at a byte, and how many bytes it takes.
  static func scalar(in bytes: [UInt8], at index: Int) -> (scalar: Unicode.Scalar, width: Int) {
    let first = bytes[index]
    if first < 0x80 { return (Unicode.Scalar(first), 1) }
    let width = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    guard index + width <= bytes.count else { return ("\u{FFFD}", bytes.count - index) }
    var value = UInt32(first) & (0x7F >> UInt32(width))
    for k in 1..<width { value = value << 6 | UInt32(bytes[index + k] & 0x3F) }
    return (Unicode.Scalar(value) ?? "\u{FFFD}", width)
  }

  var scalars: [Unicode.Scalar] {
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      let (scalar, width) = Text.scalar(in: bytes, at: index)
      scalars.append(scalar)
      index += width
    }
    return scalars
  }

  /// The texts of single scalars.
  var characters: [Text] {
    var characters: [Text] = []
    characters.reserveCapacity(bytes.count)
    var start = 0
    while start < bytes.count {
      var end = start + 1
      while end < bytes.count, Text.isContinuation(bytes[end]) { end += 1 }
      characters.append(Text(Array(bytes[start..<end]), isMarkup: isMarkup))
      start = end
    }
    return characters
  }

  /// The byte at which scalar `position` begins; the end for the scalar after the last.
  func byteOffset(ofScalar position: Int) -> Int {
    var remaining = position
    for index in bytes.indices where !Text.isContinuation(bytes[index]) {
      if remaining == 0 { return index }
      remaining -= 1
    }
    return bytes.count
  }
}

/// Collects UTF-8.
struct TextBuilder {
  var bytes: [UInt8] = []

  mutating func append(_ scalar: Unicode.Scalar) {
    if scalar.value < 0x80 {
      bytes.append(UInt8(scalar.value))
    } else {
      bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
  }

  mutating func append(_ text: Text) { bytes.append(contentsOf: text.bytes) }

  mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  var text: Text { Text(bytes) }
}
