/// The grammar of RFC 8259 over bytes: what the parser and the field extractor share.
struct JSONScanner {
  static let depthLimit = 256

  let bytes: UnsafeBufferPointer<UInt8>
  let name: String
  let firstLine: Int
  var index = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>, name: String, firstLine: Int = 1) {
    self.bytes = bytes
    self.name = name
    self.firstLine = firstLine
  }

  /// A string between its quotes: the bytes as written, and whether escapes stand among them.
  struct Text {
    var start: Int
    var end: Int
    var isEscaped: Bool
  }

  func failure(_ problem: String, at offset: Int? = nil) -> JSONError {
    let place = offset ?? index
    let newlines = bytes[..<min(place, bytes.count)].reduce(0) { $0 + ($1 == 0x0A ? 1 : 0) }
    return JSONError(name: name, line: firstLine + newlines, offset: place, problem: problem)
  }

  func expected(_ what: String) -> JSONError { failure("expected \(what), found \(found)") }

  /// What stands at the index, for messages.
  private var found: String {
    guard index < bytes.count else { return "the end of the text" }
    let byte = bytes[index]
    if byte > 0x20, byte < 0x7F { return "'\(Character(UnicodeScalar(byte)))'" }
    let digits = String(byte, radix: 16, uppercase: true)
    return "byte 0x\(digits.count < 2 ? "0" : "")\(digits)"
  }

  @inline(__always)
  var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

  @inline(__always)
  mutating func skipWhitespace() {
    while index < bytes.count {
      let byte = bytes[index]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
      index += 1
    }
  }

  /// Steps over a byte order mark, which RFC 8259 lets a reader ignore.
  mutating func skipByteOrderMark() {
    if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { index = 3 }
  }

  mutating func finish() throws(JSONError) {
    skipWhitespace()
    if index < bytes.count { throw expected("the end of the text after the value") }
  }

  @inline(__always)
  mutating func take(_ byte: UInt8, _ what: @autoclosure () -> String) throws(JSONError) {
    guard index < bytes.count, bytes[index] == byte else { throw expected(what()) }
    index += 1
  }

  mutating func takeLiteral(_ literal: StaticString) throws(JSONError) {
    let length = literal.utf8CodeUnitCount
    guard index + length <= bytes.count else { throw expected("a JSON value such as \(literal)") }
    for k in 0..<length where bytes[index + k] != literal.utf8Start[k] {
      throw expected("a JSON value such as \(literal)")
    }
    index += length
  }

  /// Reads a string from its opening quote and checks its escapes and its UTF-8.
  mutating func takeText(_ what: @autoclosure () -> String = "a string") throws(JSONError) -> Text {
    try take(0x22, what())
    let start = index
    var escaped = false
    var seen: UInt8 = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 0x22 {
        if seen & 0x80 != 0,
          let bad = UTF8Validation.firstInvalidByte(in: UnsafeBufferPointer(rebasing: bytes[start..<index]))
        {
          throw failure("the string holds invalid UTF-8; JSON must be UTF-8", at: start + bad)
        }
        index += 1
        return Text(start: start, end: index - 1, isEscaped: escaped)
      }
      if byte == 0x5C {
        escaped = true
        try takeEscape()
        continue
      }
      if byte < 0x20 {
        throw expected("an escape such as \\n, since control characters may not stand in a string")
      }
      seen |= byte
      index += 1
    }
    throw expected("a closing quote of the string that begins at byte \(start - 1)")
  }

  private mutating func takeEscape() throws(JSONError) {
    index += 1
    switch peek {
    case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: index += 1
    case 0x75:
      index += 1
      for _ in 0..<4 {
        guard let byte = peek, JSONScanner.hexadecimal(byte) != nil else {
          throw expected("four hexadecimal digits after \\u")
        }
        index += 1
      }
    default: throw expected("one of \" \\ / b f n r t u after a backslash")
    }
  }

  /// Reads a number and tells where it ends and whether it has neither fraction nor exponent.
  mutating func takeNumber() throws(JSONError) -> (start: Int, isWhole: Bool) {
    let start = index
    if peek == 0x2D { index += 1 }
    if peek == 0x30 {
      index += 1
      if let byte = peek, byte >= 0x30, byte <= 0x39 {
        throw failure("a number may not begin with 0", at: start)
      }
    } else {
      try takeDigits()
    }
    var whole = true
    if peek == 0x2E {
      whole = false
      index += 1
      try takeDigits()
    }
    if peek == 0x65 || peek == 0x45 {
      whole = false
      index += 1
      if peek == 0x2B || peek == 0x2D { index += 1 }
      try takeDigits()
    }
    return (start, whole)
  }

  private mutating func takeDigits() throws(JSONError) {
    let start = index
    while let byte = peek, byte >= 0x30, byte <= 0x39 { index += 1 }
    if index == start { throw expected("a digit") }
  }

  static func hexadecimal(_ byte: UInt8) -> UInt32? {
    switch byte {
    case 0x30...0x39: UInt32(byte - 0x30)
    case 0x41...0x46: UInt32(byte - 0x41 + 10)
    case 0x61...0x66: UInt32(byte - 0x61 + 10)
    default: nil
    }
  }
}
