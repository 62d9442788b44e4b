/// Reads tokens into statements. The grammar is Jinja's, with `break`, `continue` and `generation`.
struct Parser {
  /// Blocks, parentheses and operators may stand in each other so deep.
  static let depthLimit = 150

  let tokens: [Token]
  var position = 0
  var depth = 0
  private(set) var names: [Text] = []
  private var numbers: [String: Int] = [:]
  /// Whether a `break` would have a loop to leave.
  var isInLoop = false
  /// How many loops stand around this place, whose `loop` nobody may assign.
  var loopDepth = 0
  /// The macros around this place, and which of their special names are still free.
  var macroReads: [MacroReads] = []
  /// Filters and tests that nobody knows, seen where only using them is an error.
  var unknown: [TemplateFailure] = []
  /// Whether there is a generation block.
  var hasGeneration = false

  struct MacroReads {
    var free: Set<String> = ["caller", "kwargs", "varargs"]
    var read: Set<String> = []
  }

  init(source: String) throws { tokens = try Lexer.tokens(of: source) }

  mutating func parse() throws -> [Statement] {
    let statements = try parseBody(until: [])
    if let failure = unknown.first { throw failure }
    return statements
  }

  // MARK: Tokens

  var current: Token { tokens[position] }
  var following: Token { tokens[min(position + 1, tokens.count - 1)] }

  mutating func advance() { if position + 1 < tokens.count { position += 1 } }

  func isName(_ name: String) -> Bool { current.kind == .name(name) }
  func isSymbol(_ symbol: Token.Symbol) -> Bool { current.kind == .symbol(symbol) }

  mutating func skip(name: String) -> Bool {
    guard isName(name) else { return false }
    advance()
    return true
  }

  mutating func skip(_ symbol: Token.Symbol) -> Bool {
    guard isSymbol(symbol) else { return false }
    advance()
    return true
  }

  func failure(_ problem: String, line: Int? = nil) -> TemplateFailure {
    TemplateFailure(problem, kind: .syntax, line: line ?? current.line)
  }

  func expected(_ what: String) -> TemplateFailure { failure("expected \(what), found \(current.description)") }

  mutating func expect(_ kind: Token.Kind) throws {
    guard current.kind == kind else { throw expected(Token(kind: kind, line: 0).description) }
    advance()
  }

  mutating func expectName(_ what: String = "a name") throws -> String {
    guard case .name(let name) = current.kind else { throw expected(what) }
    advance()
    return name
  }

  /// Runs `body` one level deeper.
  mutating func nested<Result>(_ body: (inout Parser) throws -> Result) throws -> Result {
    depth += 1
    defer { depth -= 1 }
    if depth > Parser.depthLimit {
      throw failure("the template nests deeper than \(Parser.depthLimit) levels")
    }
    return try body(&self)
  }

  // MARK: Names

  mutating func number(of name: String) -> Int {
    if let number = numbers[name] { return number }
    names.append(Text(name))
    numbers[name] = names.count - 1
    return names.count - 1
  }

  /// Notes that an expression reads a name.
  mutating func read(_ name: String) -> Expression {
    for index in macroReads.indices where macroReads[index].free.contains(name) { macroReads[index].read.insert(name) }
    return .name(number(of: name))
  }

  /// Notes that something gives a name a value.
  mutating func declare(_ name: String) -> Int {
    for index in macroReads.indices { macroReads[index].free.remove(name) }
    return number(of: name)
  }

  /// Runs `body` where an unknown filter is an error at once, as everywhere but in branches.
  mutating func checkingNames<Result>(_ body: (inout Parser) throws -> Result) throws -> Result {
    let mark = unknown.count
    let result = try body(&self)
    if unknown.count > mark { throw unknown[mark] }
    return result
  }

  // MARK: Bodies

  /// Statements up to a tag that begins with one of the names, which is left at its name.
  mutating func parseBody(until ends: [String]) throws -> [Statement] {
    try nested { parser in
      var statements: [Statement] = []
      while true {
        let token = parser.current
        switch token.kind {
        case .data(let text):
          statements.append(.text(text))
          parser.advance()
        case .variableBegin:
          parser.advance()
          statements.append(.output(try parser.parseTuple(), line: token.line))
          try parser.expect(.variableEnd)
        case .blockBegin:
          parser.advance()
          if case .name(let name) = parser.current.kind, ends.contains(name) { return statements }
          statements.append(contentsOf: try parser.parseStatement(expecting: ends))
          try parser.expect(.blockEnd)
        case .end:
          guard ends.isEmpty else {
            throw parser.expected(ends.map { "'{% \($0) %}'" }.joined(separator: " or "))
          }
          return statements
        default:
          throw parser.expected("text or a tag")
        }
      }
    }
  }

  /// The rest of a tag and the statements up to its end, whose name is taken too.
  mutating func parseTagBody(until ends: String...) throws -> [Statement] {
    _ = skip(.colon)
    try expect(.blockEnd)
    let statements = try parseBody(until: ends)
    if ends.count == 1 { advance() }
    return statements
  }
}
