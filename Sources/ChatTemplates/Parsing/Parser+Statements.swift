extension Parser {
  /// One statement from its name to before its last `%}`.
  mutating func parseStatement(expecting ends: [String]) throws -> [Statement] {
    let line = current.line
    let tag = try expectName("the name of a tag")
    switch tag {
    case "for": return [try parseFor(line)]
    case "if": return [try parseIf(line)]
    case "set": return [try parseSet(line)]
    case "macro": return [try parseMacro(line)]
    case "call": return [try parseCall(line)]
    case "filter":
      let value = try checkingNames { parser in try parser.parseFilters(.captured, startsInline: true) }
      let body = try checkingNames { parser in try parser.parseTagBody(until: "endfilter") }
      return [.filterBlock(value, body: body, line: line)]
    case "with": return [try parseWith(line)]
    case "print": return try parsePrint(line)
    case "generation":
      hasGeneration = true
      let body = try parseFunctionBody { parser in try parser.parseTagBody(until: "endgeneration") }
      return [.generation(body, line: line)]
    case "break", "continue":
      guard isInLoop else { throw failure("'\(tag)' stands outside of a loop", line: line) }
      return [tag == "break" ? .breakLoop : .continueLoop]
    case "block":
      let name = try expectName("the block's name")
      while skip(name: "scoped") || skip(name: "required") {}
      let body = try parseFunctionBody { parser in try parser.parseTagBody(until: "endblock") }
      _ = skip(name: name)
      return [.block(body)]
    case "include", "import", "extends", "from", "autoescape":
      while current.kind != .blockEnd, current.kind != .end { advance() }
      if tag == "autoescape" { _ = try parseTagBody(until: "endautoescape") }
      return [.refused(tag: tag, line: line)]
    default:
      let wanted = ends.isEmpty ? "" : "; \(ends.map { "'\($0)'" }.joined(separator: " or ")) would close the open tag"
      throw failure("'\(tag)' is no tag of chat templates\(wanted)", line: line)
    }
  }

  /// A body that becomes a function of its own: no loop around it can be left from within.
  private mutating func parseFunctionBody<Result>(_ body: (inout Parser) throws -> Result) throws -> Result {
    let wasInLoop = isInLoop
    isInLoop = false
    defer { isInLoop = wasInLoop }
    return try checkingNames(body)
  }

  private mutating func parseFor(_ line: Int) throws -> Statement {
    loopDepth += 1
    let target = try parseTarget()
    loopDepth -= 1
    guard skip(name: "in") else { throw expected("'in'") }
    let sequence = try parseTuple(withConditional: false)
    return try checkingNames { parser in
      let test = parser.skip(name: "if") ? try parser.parseExpression() : nil
      let isRecursive = parser.skip(name: "recursive")
      let wasInLoop = parser.isInLoop
      parser.isInLoop = true
      parser.loopDepth += 1
      defer { parser.loopDepth -= 1 }
      let body = try parser.parseTagBody(until: "endfor", "else")
      parser.isInLoop = wasInLoop && !isRecursive
      defer { parser.isInLoop = wasInLoop }
      var otherwise: [Statement] = []
      if parser.skip(name: "else") {
        otherwise = try parser.parseTagBody(until: "endfor")
      } else {
        parser.advance()
      }
      return .loop(
        Statement.Loop(
          target: target, sequence: sequence, test: test, isRecursive: isRecursive, body: body, otherwise: otherwise,
          line: line))
    }
  }

  private mutating func parseIf(_ line: Int) throws -> Statement {
    let mark = unknown.count
    defer { unknown.removeSubrange(min(mark, unknown.count)...) }
    var branches: [(test: Expression, body: [Statement], line: Int)] = []
    var line = line
    while true {
      let test = try parseTuple(withConditional: false)
      branches.append((test, try parseTagBody(until: "elif", "else", "endif"), line))
      line = current.line
      if skip(name: "elif") { continue }
      if skip(name: "else") { return .branches(branches, otherwise: try parseTagBody(until: "endif")) }
      advance()
      return .branches(branches, otherwise: [])
    }
  }

  private mutating func parseSet(_ line: Int) throws -> Statement {
    let target = try parseTarget(allowingNamespace: true)
    if skip(.assign) { return .assign(target, try parseTuple(), line: line) }
    return try checkingNames { parser in
      let value = try parser.parseFilters(.captured)
      return .assignBlock(target, value: value, body: try parser.parseTagBody(until: "endset"), line: line)
    }
  }

  private mutating func parseWith(_ line: Int) throws -> Statement {
    var pairs: [(target: Target, value: Expression)] = []
    while current.kind != .blockEnd {
      if !pairs.isEmpty { try expect(.symbol(.comma)) }
      let target = try parseTarget()
      try expect(.symbol(.assign))
      pairs.append((target, try parseExpression()))
    }
    let body = try checkingNames { parser in try parser.parseTagBody(until: "endwith") }
    return .with(pairs, body: body, line: line)
  }

  private mutating func parsePrint(_ line: Int) throws -> [Statement] {
    var outputs: [Statement] = []
    while current.kind != .blockEnd {
      if !outputs.isEmpty { try expect(.symbol(.comma)) }
      outputs.append(.output(try parseExpression(), line: line))
    }
    return outputs
  }

  // MARK: Macros

  private mutating func parseMacro(_ line: Int) throws -> Statement {
    let name = try expectName("the macro's name")
    var definition = try parseDefinition(line, hasSignature: true) { parser in
      try parser.parseTagBody(until: "endmacro")
    }
    definition.name = Text(name)
    definition.number = declare(name)
    return .macro(definition, line: line)
  }

  private mutating func parseCall(_ line: Int) throws -> Statement {
    var call: Expression?
    let definition = try parseDefinition(line, hasSignature: isSymbol(.leftParenthesis)) { parser in
      // The call itself stands outside of the body that it is given.
      let reads = parser.macroReads.removeLast()
      call = try parser.parseExpression()
      parser.macroReads.append(reads)
      return try parser.parseTagBody(until: "endcall")
    }
    guard case .call(let callee, let arguments, _) = call else {
      throw failure("a call block needs a call such as 'macro(...)'", line: line)
    }
    return .callBlock(callee, arguments, caller: definition, line: line)
  }

  private mutating func parseDefinition(
    _ line: Int, hasSignature: Bool, body: (inout Parser) throws -> [Statement]
  ) throws -> MacroDefinition {
    try parseFunctionBody { parser in
      var parameters: [MacroDefinition.Parameter] = []
      if hasSignature {
        try parser.expect(.symbol(.leftParenthesis))
        while !parser.isSymbol(.rightParenthesis) {
          if !parameters.isEmpty { try parser.expect(.symbol(.comma)) }
          let name = try parser.expectName("a parameter's name")
          let fallback = parser.skip(.assign) ? try parser.parseExpression() : nil
          if fallback == nil, parameters.last?.fallback != nil {
            throw parser.failure("the parameter '\(name)' without a default follows one with a default")
          }
          if parameters.contains(where: { $0.name == Text(name) }) {
            throw parser.failure("the parameter '\(name)' stands twice")
          }
          let number = parser.declare(name)
          parameters.append(MacroDefinition.Parameter(name: Text(name), number: number, fallback: fallback))
        }
        parser.advance()
      }
      parser.macroReads.append(MacroReads())
      let statements = try body(&parser)
      let read = parser.macroReads.removeLast().read
      func isDeclared(_ name: String) -> Bool { parameters.contains { $0.name == Text(name) } }
      if read.contains("caller"), let caller = parameters.first(where: { $0.name == "caller" }), caller.fallback == nil
      {
        throw parser.failure("the parameter 'caller' must have a default or be left out", line: line)
      }
      return MacroDefinition(
        parameters: parameters, body: statements, readsCaller: read.contains("caller"),
        readsKeywords: read.contains("kwargs") && !isDeclared("kwargs"),
        readsRest: read.contains("varargs") && !isDeclared("varargs"))
    }
  }

  // MARK: Targets

  private mutating func parseTarget(allowingNamespace: Bool = false) throws -> Target {
    var targets: [Target] = []
    var isTuple = false
    while true {
      if !targets.isEmpty { try expect(.symbol(.comma)) }
      if current.kind == .blockEnd || isSymbol(.rightParenthesis) { break }
      targets.append(try parseSingleTarget(allowingNamespace))
      guard isSymbol(.comma) else { break }
      isTuple = true
    }
    guard let first = targets.first else { throw expected("the name of a variable") }
    return isTuple ? .tuple(targets) : first
  }

  private mutating func parseSingleTarget(_ allowingNamespace: Bool) throws -> Target {
    if skip(.leftParenthesis) {
      let target = try nested { parser in try parser.parseTarget(allowingNamespace: allowingNamespace) }
      try expect(.symbol(.rightParenthesis))
      return target
    }
    let line = current.line
    let name = try expectName("the name of a variable")
    if ["true", "false", "none", "True", "False", "None"].contains(name) {
      throw failure("'\(name)' cannot be assigned", line: line)
    }
    if allowingNamespace, skip(.dot) {
      _ = read(name)
      return .member(namespace: number(of: name), Text(try expectName("an attribute's name")))
    }
    if name == "loop", loopDepth > 0 { throw failure("the special variable 'loop' cannot be assigned", line: line) }
    return .name(declare(name))
  }
}
