import OrderedCollections

extension Interpreter {
  func lookUp(_ number: Int, _ scope: Scope) -> Value {
    scope.value(number) ?? globals[number] ?? .undefined(Undefined("'\(names[number].string)' is undefined"))
  }

  func evaluate(_ expression: Expression, _ scope: Scope) throws -> Value {
    try spend()
    switch expression {
    case .string(let text): return .string(text)
    case .name(let number): return lookUp(number, scope)
    case .integer(let value): return .integer(value)
    case .bool(let value): return .bool(value)
    case .none: return .none
    case .float(let value): return .float(value)
    case .captured: return .string(captured)
    default: return try deeper { try evaluateOperation(expression, scope) }
    }
  }

  private func evaluateOperation(_ expression: Expression, _ scope: Scope) throws -> Value {
    switch expression {
    case .attribute(let base, let name): return try attribute(name, of: try evaluate(base, scope))
    case .item(let base, let key): return try item(of: try evaluate(base, scope), try evaluate(key, scope))
    case .not(let operand): return .bool(!(try isTrue(try evaluate(operand, scope))))
    case .and(let operands): return try firstOperand(operands, scope, truth: false)
    case .or(let operands): return try firstOperand(operands, scope, truth: true)
    case .comparison(let first, let rest): return try evaluateComparison(first, rest, scope)
    case .conditional(let test, let then, let otherwise):
      if try isTrue(try evaluate(test, scope)) { return try evaluate(then, scope) }
      if let otherwise { return try evaluate(otherwise, scope) }
      return .undefined(Undefined("the expression's condition is false and it has no 'else'"))
    case .filter(let base, let name, let filter, let arguments, let line):
      let value = try evaluate(base, scope)
      let given = try evaluate(arguments, scope)
      guard let filter else { throw TemplateFailure("there is no filter '\(name)'", line: line) }
      return try filter.apply(self, value, given)
    case .test(let base, let name, let test, let arguments, let line):
      let value = try evaluate(base, scope)
      let given = try evaluate(arguments, scope)
      guard let test else { throw TemplateFailure("there is no test '\(name)'", line: line) }
      return .bool(try test.apply(self, value, given))
    default: return try evaluateCompound(expression, scope)
    }
  }

  private func evaluateCompound(_ expression: Expression, _ scope: Scope) throws -> Value {
    switch expression {
    case .call(let callee, let arguments, let line):
      let function = try evaluate(callee, scope)
      let given = try evaluate(arguments, scope)
      self.line = line
      return try call(function, given)
    case .concatenation(let operands):
      var bytes: [UInt8] = []
      for operand in operands {
        bytes.append(contentsOf: try printed(try evaluate(operand, scope)).bytes)
        try spend(bytes: bytes.count)
      }
      return .string(Text(bytes))
    case .arithmetic(let first, let rest):
      var value = try evaluate(first, scope)
      for (operation, operand) in rest { value = try compute(operation, value, try evaluate(operand, scope)) }
      return value
    case .negative(let operand): return try negate(try evaluate(operand, scope))
    case .positive(let operand):
      let value = try evaluate(operand, scope)
      guard let whole = value.index else {
        if case .float = value { return value }
        throw unsuitable("unary +", value)
      }
      return .integer(whole)
    case .list(let elements): return try list(try elements.map { try evaluate($0, scope) })
    case .tuple(let elements): return try tuple(try elements.map { try evaluate($0, scope) })
    case .dictionary(let pairs):
      var entries: OrderedDictionary<Value, Value> = [:]
      for pair in pairs {
        let key = try evaluate(pair.key, scope)
        try checkHashable(key)
        entries[key] = try evaluate(pair.value, scope)
      }
      return try dictionary(entries)
    case .slice(let base, let start, let stop, let step):
      let value = try evaluate(base, scope)
      func part(_ expression: Expression?) throws -> Int? {
        guard let expression else { return nil }
        let part = try evaluate(expression, scope)
        if part.isNone { return nil }
        guard let index = part.index else {
          throw TemplateFailure("the ends of a slice are whole numbers, not \(part.typeName)")
        }
        return index
      }
      return try slice(value, try part(start), try part(stop), try part(step))
    default: return .none
    }
  }

  func checkHashable(_ key: Value) throws {
    if !key.isHashable { throw TemplateFailure("a \(key.typeName) cannot be a key: it is unhashable") }
  }

  /// The first operand of that truth, or the last one.
  private func firstOperand(_ operands: [Expression], _ scope: Scope, truth: Bool) throws -> Value {
    var value = Value.none
    for (index, operand) in operands.enumerated() {
      value = try evaluate(operand, scope)
      if index < operands.count - 1, try isTrue(value) == truth { return value }
    }
    return value
  }

  private func evaluateComparison(
    _ first: Expression, _ rest: [(relation: Relation, operand: Expression)], _ scope: Scope
  ) throws -> Value {
    var left = try evaluate(first, scope)
    for (relation, operand) in rest {
      let right = try evaluate(operand, scope)
      if !(try compare(left, relation, right)) { return .bool(false) }
      left = right
    }
    return .bool(true)
  }

  // MARK: Calls

  func evaluate(_ arguments: Arguments, _ scope: Scope) throws -> CallArguments {
    var given = CallArguments()
    if arguments.isEmpty { return given }
    given.positional = try arguments.positional.map { try evaluate($0, scope) }
    if let spread = arguments.spread { given.positional += try elements(of: try evaluate(spread, scope)) }
    for keyword in arguments.keywords { given.keywords.append((keyword.name, try evaluate(keyword.value, scope))) }
    if let spread = arguments.spreadKeywords {
      guard case .dictionary(let members) = try evaluate(spread, scope) else {
        throw TemplateFailure("the argument after ** must be a mapping")
      }
      for (key, value) in members.entries {
        guard case .string(let name) = key else { throw TemplateFailure("keywords must be strings") }
        if given.keywords.contains(where: { $0.name == name }) {
          throw TemplateFailure("the argument '\(name.string)' stands twice")
        }
        given.keywords.append((name, value))
      }
    }
    return given
  }

  func call(_ function: Value, _ arguments: CallArguments) throws -> Value {
    switch function {
    case .object(let object): return try object.call(arguments, self)
    case .undefined(let undefined): throw TemplateFailure(undefined.message)
    default: throw TemplateFailure("'\(function.typeName)' object is not callable")
    }
  }

  /// Runs `body` one call deeper.
  func enteringCall<Result>(_ body: () throws -> Result) throws -> Result {
    callDepth += 1
    if callDepth > limits.callDepth { throw exceeded("calls itself deeper than \(limits.callDepth) levels") }
    let result = try deeper(body)
    callDepth -= 1
    return result
  }

  /// Runs `body` one level deeper on the stack, which is bounded.
  func deeper<Result>(_ body: () throws -> Result) throws -> Result {
    depth += 1
    if depth > ChatTemplateLimits.depth { throw exceeded("works deeper than \(ChatTemplateLimits.depth) levels") }
    let result = try body()
    depth -= 1
    return result
  }
}
