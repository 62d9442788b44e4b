extension Parser {
  /// Expressions joined by commas are a tuple; a single one is itself.
  mutating func parseTuple(withConditional: Bool = true, inParentheses: Bool = false) throws -> Expression {
    var elements: [Expression] = []
    var isTuple = false
    while true {
      if !elements.isEmpty { try expect(.symbol(.comma)) }
      if isTupleEnd { break }
      elements.append(withConditional ? try parseExpression() : try parseOr())
      guard isSymbol(.comma) else { break }
      isTuple = true
    }
    if !isTuple, let first = elements.first { return first }
    if !isTuple, !inParentheses { throw expected("an expression") }
    return .tuple(elements)
  }

  private var isTupleEnd: Bool {
    current.kind == .variableEnd || current.kind == .blockEnd || isSymbol(.rightParenthesis)
  }

  /// An expression, `a if b else c` included.
  mutating func parseExpression() throws -> Expression {
    try nested { parser in
      let mark = parser.unknown.count
      var expression = try parser.parseOr()
      var count = 0
      while parser.skip(name: "if") {
        let test = try parser.parseOr()
        let otherwise = parser.skip(name: "else") ? try parser.parseExpression() : nil
        expression = .conditional(test: test, then: expression, otherwise: otherwise)
        parser.unknown.removeSubrange(mark...)
        count += 1
        try parser.checkChain(count)
      }
      return expression
    }
  }

  /// A chain of operators makes a tree as deep as it is long.
  func checkChain(_ count: Int) throws {
    if depth + count > Parser.depthLimit {
      throw failure("the template nests deeper than \(Parser.depthLimit) levels")
    }
  }

  mutating func parseOr() throws -> Expression {
    var operands = [try parseAnd()]
    while skip(name: "or") { operands.append(try parseAnd()) }
    return operands.count == 1 ? operands[0] : .or(operands)
  }

  private mutating func parseAnd() throws -> Expression {
    var operands = [try parseNot()]
    while skip(name: "and") { operands.append(try parseNot()) }
    return operands.count == 1 ? operands[0] : .and(operands)
  }

  private mutating func parseNot() throws -> Expression {
    guard skip(name: "not") else { return try parseComparison() }
    return .not(try nested { parser in try parser.parseNot() })
  }

  private mutating func parseComparison() throws -> Expression {
    let first = try parseSum()
    var rest: [(relation: Relation, operand: Expression)] = []
    while true {
      if case .symbol(let symbol) = current.kind, let relation = Relation(rawValue: symbol.rawValue) {
        advance()
        rest.append((relation, try parseSum()))
      } else if skip(name: "in") {
        rest.append((.isIn, try parseSum()))
      } else if isName("not"), following.kind == .name("in") {
        advance()
        advance()
        rest.append((.isNotIn, try parseSum()))
      } else {
        return rest.isEmpty ? first : .comparison(first, rest)
      }
    }
  }

  private mutating func parseSum() throws -> Expression {
    try parseChain([.add, .subtract]) { parser in try parser.parseConcatenation() }
  }

  private mutating func parseConcatenation() throws -> Expression {
    var operands = [try parseProduct()]
    while skip(.tilde) { operands.append(try parseProduct()) }
    return operands.count == 1 ? operands[0] : .concatenation(operands)
  }

  private mutating func parseProduct() throws -> Expression {
    try parseChain([.multiply, .divide, .floorDivide, .modulo]) { parser in
      try parser.parseChain([.power]) { parser in try parser.parseUnary() }
    }
  }

  private mutating func parseChain(
    _ operations: [Arithmetic], _ operand: (inout Parser) throws -> Expression
  ) throws -> Expression {
    let first = try operand(&self)
    var rest: [(operation: Arithmetic, operand: Expression)] = []
    while case .symbol(let symbol) = current.kind, let operation = Arithmetic(rawValue: symbol.rawValue),
      operations.contains(operation)
    {
      advance()
      rest.append((operation, try operand(&self)))
    }
    return rest.isEmpty ? first : .arithmetic(first, rest)
  }

  private mutating func parseUnary(withFilters: Bool = true) throws -> Expression {
    var expression: Expression
    if skip(.subtract) {
      expression = .negative(try nested { parser in try parser.parseUnary(withFilters: false) })
    } else if skip(.add) {
      expression = .positive(try nested { parser in try parser.parseUnary(withFilters: false) })
    } else {
      expression = try parsePrimary()
    }
    expression = try parsePostfix(expression)
    return withFilters ? try parseFilterChain(expression) : expression
  }

  mutating func parsePrimary() throws -> Expression {
    let token = current
    switch token.kind {
    case .name(let name):
      advance()
      switch name {
      case "true", "True": return .bool(true)
      case "false", "False": return .bool(false)
      case "none", "None": return .none
      default: return read(name)
      }
    case .string(var text):
      advance()
      while case .string(let more) = current.kind {
        text = Text(text.bytes + more.bytes)
        advance()
      }
      return .string(text)
    case .integer(let value):
      advance()
      return .integer(value)
    case .float(let value):
      advance()
      return .float(value)
    case .symbol(.leftParenthesis):
      advance()
      let inner = try nested { parser in try parser.parseTuple(inParentheses: true) }
      try expect(.symbol(.rightParenthesis))
      return inner
    case .symbol(.leftBracket):
      advance()
      let elements = try parseElements(.rightBracket) { parser in try parser.parseExpression() }
      return .list(elements)
    case .symbol(.leftBrace):
      advance()
      let pairs = try parseElements(.rightBrace) { parser in
        let key = try parser.parseExpression()
        try parser.expect(.symbol(.colon))
        return (key: key, value: try parser.parseExpression())
      }
      return .dictionary(pairs)
    default:
      throw expected("an expression")
    }
  }

  private mutating func parseElements<Element>(
    _ end: Token.Symbol, _ element: (inout Parser) throws -> Element
  ) throws -> [Element] {
    var elements: [Element] = []
    while !isSymbol(end) {
      if !elements.isEmpty {
        try expect(.symbol(.comma))
        if isSymbol(end) { break }
      }
      elements.append(try element(&self))
    }
    advance()
    return elements
  }
}
