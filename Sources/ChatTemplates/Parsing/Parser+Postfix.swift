extension Parser {
  /// Attributes, items and calls after an expression.
  mutating func parsePostfix(_ start: Expression) throws -> Expression {
    var expression = start
    var count = 0
    while true {
      switch current.kind {
      case .symbol(.dot): expression = try parseAttribute(of: expression)
      case .symbol(.leftBracket): expression = try parseItem(of: expression)
      case .symbol(.leftParenthesis): expression = try parseCall(of: expression)
      default: return expression
      }
      count += 1
      try checkChain(count)
    }
  }

  /// Filters, tests and calls after an expression.
  mutating func parseFilterChain(_ start: Expression) throws -> Expression {
    var expression = start
    var count = 0
    while true {
      if isSymbol(.pipe) {
        expression = try parseFilters(expression)
      } else if isName("is") {
        expression = try parseTest(of: expression)
      } else if isSymbol(.leftParenthesis) {
        expression = try parseCall(of: expression)
      } else {
        return expression
      }
      count += 1
      try checkChain(count)
    }
  }

  private mutating func parseAttribute(of base: Expression) throws -> Expression {
    advance()
    if case .integer(let index) = current.kind {
      advance()
      return .item(base, .integer(index))
    }
    return .attribute(base, Text(try expectName("an attribute's name or a number")))
  }

  private mutating func parseItem(of base: Expression) throws -> Expression {
    advance()
    var keys: [Expression] = []
    while !isSymbol(.rightBracket) {
      if !keys.isEmpty { try expect(.symbol(.comma)) }
      if !isSymbol(.colon) { keys.append(try parseExpression()) }
      guard isSymbol(.colon) else { continue }
      let start = keys.popLast()
      guard keys.isEmpty else { throw failure("a slice must stand alone between the brackets") }
      advance()
      let stop = try parseSlicePart()
      let step = skip(.colon) ? try parseSlicePart() : nil
      guard isSymbol(.rightBracket) else { throw expected("']'") }
      advance()
      return .slice(base, start: start, stop: stop, step: step)
    }
    advance()
    return .item(base, keys.count == 1 ? keys[0] : .tuple(keys))
  }

  private mutating func parseSlicePart() throws -> Expression? {
    isSymbol(.colon) || isSymbol(.rightBracket) ? nil : try parseExpression()
  }

  private mutating func parseCall(of callee: Expression) throws -> Expression {
    let line = current.line
    return .call(callee, try parseArguments(), line: line)
  }

  private mutating func parseArguments() throws -> Arguments {
    let line = current.line
    advance()
    var arguments = Arguments()
    func misplaced() -> TemplateFailure { failure("an argument stands in a place where calls have none", line: line) }
    var isFirst = true
    while !isSymbol(.rightParenthesis) {
      if !isFirst {
        try expect(.symbol(.comma))
        if isSymbol(.rightParenthesis) { break }
      }
      isFirst = false
      if skip(.multiply) {
        guard arguments.spread == nil, arguments.spreadKeywords == nil else { throw misplaced() }
        arguments.spread = try parseExpression()
      } else if skip(.power) {
        guard arguments.spreadKeywords == nil else { throw misplaced() }
        arguments.spreadKeywords = try parseExpression()
      } else if case .name(let name) = current.kind, following.kind == .symbol(.assign) {
        guard arguments.spreadKeywords == nil else { throw misplaced() }
        if arguments.keywords.contains(where: { $0.name == Text(name) }) {
          throw failure("the argument '\(name)' stands twice")
        }
        advance()
        advance()
        arguments.keywords.append((Text(name), try parseExpression()))
      } else {
        guard arguments.spread == nil, arguments.spreadKeywords == nil, arguments.keywords.isEmpty else {
          throw misplaced()
        }
        arguments.positional.append(try parseExpression())
      }
    }
    advance()
    return arguments
  }

  private mutating func parseDottedName(_ what: String) throws -> String {
    var name = try expectName(what)
    while skip(.dot) { name += "." + (try expectName(what)) }
    return name
  }

  /// Filters from their `|` on; the first one's may be left out.
  mutating func parseFilters(_ start: Expression, startsInline: Bool = false) throws -> Expression {
    var expression = start
    var isFirst = startsInline
    var count = 0
    while isFirst || isSymbol(.pipe) {
      if !isFirst { advance() }
      isFirst = false
      let line = current.line
      let name = try parseDottedName("a filter's name")
      let arguments = isSymbol(.leftParenthesis) ? try parseArguments() : Arguments()
      let filter = Filter.named(name)
      if filter == nil { unknown.append(failure("there is no filter '\(name)'", line: line)) }
      expression = .filter(expression, name: name, filter, arguments, line: line)
      count += 1
      try checkChain(count)
    }
    return expression
  }

  private mutating func parseTest(of value: Expression) throws -> Expression {
    let line = current.line
    advance()
    let isNegated = skip(name: "not")
    let name = try parseDottedName("a test's name")
    var arguments = Arguments()
    switch current.kind {
    case .symbol(.leftParenthesis): arguments = try parseArguments()
    case .name("else"), .name("or"), .name("and"): break
    case .name("is"): throw failure("tests with 'is' cannot be chained")
    case .name, .string, .integer, .float, .symbol(.leftBracket), .symbol(.leftBrace):
      arguments.positional = [try nested { parser in try parser.parsePostfix(try parser.parsePrimary()) }]
    default: break
    }
    let test = Test.named(name)
    if test == nil { unknown.append(failure("there is no test '\(name)'", line: line)) }
    let expression: Expression = .test(value, name: name, test, arguments, line: line)
    return isNegated ? .not(expression) : expression
  }
}
