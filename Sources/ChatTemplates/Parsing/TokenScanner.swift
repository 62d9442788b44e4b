import Foundation

/// Reads one token of an expression.
struct TokenScanner {
  private let bytes: [UInt8]
  private let line: Int
  private(set) var index: Int

  init(_ bytes: [UInt8], at index: Int, line: Int) {
    (self.bytes, self.index, self.line) = (bytes, index, line)
  }

  mutating func next() throws -> Token.Kind {
    let byte = bytes[index]
    if TokenScanner.isDigit(byte) { return try takeNumber() }
    if byte == 0x22 || byte == 0x27 { return .string(try takeString(quote: byte)) }
    let start = index
    while index < bytes.count {
      let (scalar, width) = Text.scalar(in: bytes, at: index)
      guard scalar == "_" || scalar.properties.isXIDContinue else { break }
      index += width
    }
    if index > start { return .name(String(decoding: bytes[start..<index], as: UTF8.self)) }
    if index + 1 < bytes.count, let symbol = Token.Symbol(rawValue: text(index, index + 2)) {
      index += 2
      return .symbol(symbol)
    }
    if let symbol = Token.Symbol(rawValue: text(index, index + 1)) {
      index += 1
      return .symbol(symbol)
    }
    let (scalar, _) = Text.scalar(in: bytes, at: index)
    throw failure("the character \(Text(scalar).representation) has no meaning in an expression")
  }

  private func text(_ start: Int, _ end: Int) -> String { String(decoding: bytes[start..<end], as: UTF8.self) }

  private func failure(_ problem: String) -> TemplateFailure { TemplateFailure(problem, kind: .syntax, line: line) }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

  // MARK: Numbers

  private mutating func takeNumber() throws -> Token.Kind {
    let start = index
    if bytes[index] == 0x30, index + 1 < bytes.count, let radix = TokenScanner.radix(bytes[index + 1]) {
      var end = index + 2
      while end < bytes.count, bytes[end] == 0x5F || Character(UnicodeScalar(bytes[end])).hexDigitValue ?? 99 < radix {
        end += 1
      }
      if end > index + 2 {
        index = end
        return .integer(try integer(start + 2, end, radix: radix))
      }
    }
    takeDigits()
    let whole = index
    if index + 1 < bytes.count, bytes[index] == 0x2E, TokenScanner.isDigit(bytes[index + 1]) {
      index += 1
      takeDigits()
    }
    if index < bytes.count, bytes[index] | 0x20 == 0x65 {
      var end = index + 1
      if end < bytes.count, bytes[end] == 0x2B || bytes[end] == 0x2D { end += 1 }
      if end < bytes.count, TokenScanner.isDigit(bytes[end]) {
        index = end
        takeDigits()
      }
    }
    if index == whole { return .integer(try integer(start, index, radix: 10)) }
    guard let value = Double(text(start, index).filter { $0 != "_" }) else {
      throw failure("\(text(start, index)) is no number")
    }
    return .float(value)
  }

  private mutating func takeDigits() {
    while index < bytes.count {
      let isSeparator = bytes[index] == 0x5F && index + 1 < bytes.count && TokenScanner.isDigit(bytes[index + 1])
      guard TokenScanner.isDigit(bytes[index]) || isSeparator else { return }
      index += 1
    }
  }

  private static func radix(_ letter: UInt8) -> Int? {
    switch letter | 0x20 {
    case 0x62: 2
    case 0x6F: 8
    case 0x78: 16
    default: nil
    }
  }

  private func integer(_ start: Int, _ end: Int, radix: Int) throws -> Int {
    guard let value = Int(text(start, end).filter { $0 != "_" }, radix: radix) else {
      throw failure("the number \(text(start, end)) does not fit 64 bits")
    }
    return value
  }

  // MARK: Strings

  private mutating func takeString(quote: UInt8) throws -> Text {
    index += 1
    var builder = TextBuilder()
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if byte == quote { return builder.text }
      if byte != 0x5C {
        builder.bytes.append(byte)
        continue
      }
      guard index < bytes.count else { break }
      try takeEscape(into: &builder)
    }
    throw failure("a string has no closing quote")
  }

  private mutating func takeEscape(into builder: inout TextBuilder) throws {
    let letter = bytes[index]
    index += 1
    switch letter {
    case 0x0A: break
    case 0x5C, 0x27, 0x22: builder.bytes.append(letter)
    case 0x61: builder.bytes.append(7)
    case 0x62: builder.bytes.append(8)
    case 0x66: builder.bytes.append(12)
    case 0x6E: builder.bytes.append(10)
    case 0x72: builder.bytes.append(13)
    case 0x74: builder.bytes.append(9)
    case 0x76: builder.bytes.append(11)
    case 0x30...0x37:
      var value = UInt32(letter - 0x30)
      var digits = 1
      while digits < 3, index < bytes.count, bytes[index] >= 0x30, bytes[index] <= 0x37 {
        value = value * 8 + UInt32(bytes[index] - 0x30)
        index += 1
        digits += 1
      }
      builder.append(Unicode.Scalar(value) ?? "\u{FFFD}")
    case 0x78: builder.append(try takeHexadecimal(2))
    case 0x75: builder.append(try takeHexadecimal(4))
    case 0x55: builder.append(try takeHexadecimal(8))
    default:
      // Python keeps the backslash before a character that needs none.
      builder.bytes.append(0x5C)
      builder.bytes.append(letter)
    }
  }

  private mutating func takeHexadecimal(_ digits: Int) throws -> Unicode.Scalar {
    guard index + digits <= bytes.count, let value = UInt32(text(index, index + digits), radix: 16),
      let scalar = Unicode.Scalar(value)
    else { throw failure("an escape needs \(digits) hexadecimal digits of a Unicode scalar") }
    index += digits
    return scalar
  }
}
