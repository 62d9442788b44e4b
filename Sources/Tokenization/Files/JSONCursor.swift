/// Walks over JSON text without building values, for the two long lists of `tokenizer.json`.
///
/// What it steps over with `skipValue` is checked only so far as needed to find the end; the caller parses it.
struct JSONCursor {
  let bytes: UnsafeBufferPointer<UInt8>
  /// The file, for messages.
  let name: String
  var position = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>, name: String, at position: Int = 0) {
    self.bytes = bytes
    self.name = name
    self.position = position
  }

  func failure(_ problem: String) -> TokenizerError { TokenizerError("\(name), byte \(position)", problem) }

  /// The next byte after white space, nil at the end.
  mutating func peek() -> UInt8? {
    while position < bytes.count {
      let byte = bytes[position]
      guard byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else { return byte }
      position += 1
    }
    return nil
  }

  /// Steps over a byte if it comes next.
  mutating func take(_ byte: UInt8) -> Bool {
    guard peek() == byte else { return false }
    position += 1
    return true
  }

  mutating func expect(_ byte: UInt8) throws(TokenizerError) {
    guard take(byte) else { throw failure("'\(Unicode.Scalar(byte))' is expected here") }
  }

  /// Visits the members of an object; the visitor steps over the value.
  mutating func forEachMember(
    _ key: inout [UInt8], _ visit: (inout JSONCursor, [UInt8]) throws(TokenizerError) -> Void
  ) throws(TokenizerError) {
    try expect(UInt8(ascii: "{"))
    if take(UInt8(ascii: "}")) { return }
    repeat {
      try takeString(&key)
      try expect(UInt8(ascii: ":"))
      try visit(&self, key)
    } while take(UInt8(ascii: ","))
    try expect(UInt8(ascii: "}"))
  }

  /// Visits the elements of an array; the visitor steps over the value.
  mutating func forEachElement(
    _ visit: (inout JSONCursor) throws(TokenizerError) -> Void
  ) throws(TokenizerError) {
    try expect(UInt8(ascii: "["))
    if take(UInt8(ascii: "]")) { return }
    repeat { try visit(&self) } while take(UInt8(ascii: ","))
    try expect(UInt8(ascii: "]"))
  }

  /// A whole number that is not negative.
  mutating func takeWholeNumber() throws(TokenizerError) -> Int {
    var value = 0
    guard let first = peek(), first >= 0x30, first <= 0x39 else { throw failure("a whole number is expected here") }
    while position < bytes.count, case let digit = bytes[position], digit >= 0x30, digit <= 0x39 {
      value = value * 10 + Int(digit - 0x30)
      guard value <= Int(Int32.max) else { throw failure("the number is too large") }
      position += 1
    }
    if position < bytes.count, [0x2e, 0x65, 0x45].contains(bytes[position]) {
      throw failure("a whole number is expected here")
    }
    return value
  }

  /// Any number.
  mutating func takeNumber() throws(TokenizerError) -> Double {
    _ = peek()
    let start = position
    while position < bytes.count, Self.isNumeric(bytes[position]) { position += 1 }
    guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)), value.isFinite else {
      position = start
      throw failure("a number is expected here")
    }
    return value
  }

  private static func isNumeric(_ byte: UInt8) -> Bool {
    byte &- 0x30 < 10 || byte == 0x2d || byte == 0x2b || byte == 0x2e || byte | 0x20 == 0x65
  }

  /// The UTF-8 of a string, replacing what the buffer held.
  mutating func takeString(_ buffer: inout [UInt8]) throws(TokenizerError) {
    guard take(0x22) else { throw failure("a string in quotes is expected here") }
    buffer.removeAll(keepingCapacity: true)
    while position < bytes.count {
      let start = position
      while position < bytes.count, bytes[position] != 0x22, bytes[position] != 0x5c, bytes[position] >= 0x20 {
        position += 1
      }
      buffer.append(contentsOf: bytes[start..<position])
      guard position < bytes.count else { break }
      let byte = bytes[position]
      guard byte >= 0x20 else { throw failure("a control character in a string must be written as an escape") }
      position += 1
      if byte == 0x22 { return }
      try takeEscape(&buffer)
    }
    throw failure("the text ends inside a string")
  }

  private mutating func takeEscape(_ buffer: inout [UInt8]) throws(TokenizerError) {
    guard position < bytes.count else { throw failure("the text ends inside a string") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case 0x22, 0x5c, 0x2f: buffer.append(byte)
    case UInt8(ascii: "b"): buffer.append(0x08)
    case UInt8(ascii: "f"): buffer.append(0x0c)
    case UInt8(ascii: "n"): buffer.append(0x0a)
    case UInt8(ascii: "r"): buffer.append(0x0d)
    case UInt8(ascii: "t"): buffer.append(0x09)
    case UInt8(ascii: "u"):
      var value = try takeHex()
      if value & 0xfc00 == 0xd800, position + 1 < bytes.count, bytes[position] == 0x5c,
        bytes[position + 1] == UInt8(ascii: "u")
      {
        position += 2
        let low = try takeHex()
        guard low & 0xfc00 == 0xdc00 else { throw failure("half of a surrogate pair is no character") }
        value = 0x10000 + (value - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(value) else { throw failure("half of a surrogate pair is no character") }
      buffer.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
    default: throw failure("there is no such escape in a string")
    }
  }

  private mutating func takeHex() throws(TokenizerError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard position < bytes.count, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
        throw failure("\\u needs four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  /// Steps over any value and returns where it stands.
  mutating func skipValue() throws(TokenizerError) -> Range<Int> {
    guard peek() != nil else { throw failure("the text ends where a value is expected") }
    let start = position
    var depth = 0
    while position < bytes.count {
      switch bytes[position] {
      case 0x22:
        skipString()
        if depth == 0 { return start..<min(position, bytes.count) }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return start..<position }
        depth -= 1
        if depth == 0 {
          position += 1
          return start..<position
        }
      case UInt8(ascii: ","):
        if depth == 0 { return start..<position }
      default: break
      }
      position += 1
    }
    return start..<position
  }

  private mutating func skipString() {
    position += 1
    while position < bytes.count {
      if bytes[position] == 0x22 {
        position += 1
        return
      }
      position += bytes[position] == 0x5c ? 2 : 1
    }
    position = min(position, bytes.count)
  }
}
