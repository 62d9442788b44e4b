/// Cuts a template's source into tokens and does its white space control: `-` strips all white space on its side of a
/// tag, the newline after a block goes (`trim_blocks`), blanks before a block at the beginning of a line go
/// (`lstrip_blocks`), `+` keeps them.
struct Lexer {
  private let bytes: [UInt8]
  private var index = 0
  private var line = 1
  private var tokens: [Token] = []
  /// Whether what came before ended a line, as the beginning of the template does.
  private var isLineStart = true

  /// All tokens of a source, the last one `.end`.
  static func tokens(of source: String) throws -> [Token] {
    var lexer = Lexer(source)
    try lexer.run()
    return lexer.tokens
  }

  /// Newlines of all kinds become `\n`; the one that ends the source goes.
  private init(_ source: String) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(source.utf8.count)
    var afterReturn = false
    for byte in source.utf8 {
      if byte == 0x0A, afterReturn {
        afterReturn = false
        continue
      }
      afterReturn = byte == 0x0D
      bytes.append(afterReturn ? 0x0A : byte)
    }
    if bytes.last == 0x0A { bytes.removeLast() }
    self.bytes = bytes
  }

  private mutating func run() throws {
    while index < bytes.count {
      guard let opening = nextOpening() else {
        emitData(index, bytes.count)
        index = bytes.count
        break
      }
      let sign = byte(opening + 2) == 0x2D || byte(opening + 2) == 0x2B ? byte(opening + 2) : 0
      emitData(index, dataEnd(before: opening, sign: sign, isVariable: bytes[opening + 1] == 0x7B))
      countLines(index, opening)
      if let end = rawTagEnd(opening) {
        countLines(opening, end)
        index = end
        try takeRaw()
        continue
      }
      index = opening + (sign == 0 ? 2 : 3)
      switch bytes[opening + 1] {
      case 0x23: try takeComment()
      case 0x25: try takeTag(.blockBegin, closing: 0x25, .blockEnd)
      default: try takeTag(.variableBegin, closing: 0x7D, .variableEnd)
      }
    }
    tokens.append(Token(kind: .end, line: line))
  }

  private func byte(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }

  /// The next place where a tag or comment begins.
  private func nextOpening() -> Int? {
    var place = index
    while place + 1 < bytes.count {
      if bytes[place] == 0x7B, bytes[place + 1] == 0x7B || bytes[place + 1] == 0x25 || bytes[place + 1] == 0x23 {
        return place
      }
      place += 1
    }
    return nil
  }

  /// Where the text before a tag ends once the tag's white space control is done.
  private func dataEnd(before opening: Int, sign: UInt8, isVariable: Bool) -> Int {
    if sign == 0x2D {
      return index + Text(bytes[index..<opening]).stripped(.right).bytes.count
    }
    if sign == 0x2B || isVariable { return opening }
    let lineStart = bytes[index..<opening].lastIndex(of: 0x0A).map { $0 + 1 }
    guard lineStart != nil || isLineStart else { return opening }
    let blank = Text(bytes[(lineStart ?? index)..<opening])
    return blank.stripped().isEmpty ? lineStart ?? index : opening
  }

  private mutating func emitData(_ start: Int, _ end: Int) {
    guard end > start else { return }
    tokens.append(Token(kind: .data(Text(bytes[start..<end])), line: line))
  }

  private mutating func countLines(_ start: Int, _ end: Int) {
    guard start < end else { return }
    for position in start..<end where bytes[position] == 0x0A { line += 1 }
    isLineStart = bytes[end - 1] == 0x0A
  }

  /// The end of the white space at `place`.
  private func afterSpace(_ place: Int) -> Int {
    var place = place
    while place < bytes.count {
      let (scalar, width) = Text.scalar(in: bytes, at: place)
      guard scalar.isPythonSpace else { break }
      place += width
    }
    return place
  }

  /// Where a closing such as `-%}` with all that it strips ends; `nil` if none stands at `place`.
  private func closingEnd(_ place: Int, _ first: UInt8, trims: Bool = true, allowsPlus: Bool = true) -> Int? {
    let sign = byte(place) == 0x2D || byte(place) == 0x2B && allowsPlus ? byte(place) : 0
    let start = sign == 0 ? place : place + 1
    guard byte(start) == first, byte(start + 1) == 0x7D else { return nil }
    let end = start + 2
    if sign == 0x2D { return afterSpace(end) }
    return sign == 0 && trims && byte(end) == 0x0A ? end + 1 : end
  }

  // MARK: raw and comments

  /// Where `{% raw %}` ends if it stands at `opening`.
  private func rawTagEnd(_ opening: Int) -> Int? { tagEnd(opening, named: "raw", trims: false, allowsPlus: false) }

  private func tagEnd(_ opening: Int, named name: StaticString, trims: Bool, allowsPlus: Bool) -> Int? {
    guard byte(opening) == 0x7B, byte(opening + 1) == 0x25 else { return nil }
    var place = opening + 2
    if byte(place) == 0x2D || byte(place) == 0x2B { place += 1 }
    place = afterSpace(place)
    for k in 0..<name.utf8CodeUnitCount where byte(place + k) != name.utf8Start[k] { return nil }
    return closingEnd(afterSpace(place + name.utf8CodeUnitCount), 0x25, trims: trims, allowsPlus: allowsPlus)
  }

  private mutating func takeRaw() throws {
    var place = index
    while place < bytes.count {
      if let end = tagEnd(place, named: "endraw", trims: true, allowsPlus: true) {
        let sign = byte(place + 2)
        emitData(index, dataEnd(before: place, sign: sign, isVariable: false))
        countLines(index, end)
        index = end
        return
      }
      place += 1
    }
    throw TemplateFailure("'{% raw %}' has no '{% endraw %}'", kind: .syntax, line: line)
  }

  private mutating func takeComment() throws {
    var place = index
    while place < bytes.count {
      if let end = closingEnd(place, 0x23) {
        countLines(index, end)
        index = end
        return
      }
      place += 1
    }
    throw TemplateFailure("the comment that begins with '{#' has no '#}'", kind: .syntax, line: line)
  }

  // MARK: Tags

  private mutating func takeTag(_ begin: Token.Kind, closing: UInt8, _ end: Token.Kind) throws {
    tokens.append(Token(kind: begin, line: line))
    var open: [Token.Symbol] = []
    let allowsPlus = closing == 0x25
    while true {
      let start = index
      index = afterSpace(index)
      countLines(start, index)
      guard index < bytes.count else { break }
      if open.isEmpty, let after = closingEnd(index, closing, trims: allowsPlus, allowsPlus: allowsPlus) {
        tokens.append(Token(kind: end, line: line))
        countLines(index, after)
        index = after
        return
      }
      var scanner = TokenScanner(bytes, at: index, line: line)
      let kind = try scanner.next()
      if case .symbol(let symbol) = kind { try balance(symbol, &open) }
      tokens.append(Token(kind: kind, line: line))
      countLines(index, scanner.index)
      index = scanner.index
    }
    // The parser tells what was expected instead.
  }

  private func balance(_ symbol: Token.Symbol, _ open: inout [Token.Symbol]) throws {
    switch symbol {
    case .leftBrace: open.append(.rightBrace)
    case .leftParenthesis: open.append(.rightParenthesis)
    case .leftBracket: open.append(.rightBracket)
    case .rightBrace, .rightParenthesis, .rightBracket:
      guard let expected = open.popLast() else {
        throw TemplateFailure("'\(symbol.rawValue)' closes nothing", kind: .syntax, line: line)
      }
      if expected != symbol {
        let problem = "'\(symbol.rawValue)' stands where '\(expected.rawValue)' should"
        throw TemplateFailure(problem, kind: .syntax, line: line)
      }
    default: break
    }
  }
}
