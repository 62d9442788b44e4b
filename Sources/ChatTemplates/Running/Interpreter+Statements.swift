extension Interpreter {
  /// How a statement ended.
  enum Flow {
    case normal, leaveLoop, nextElement
  }

  func execute(_ statements: [Statement], _ scope: Scope) throws -> Flow {
    for statement in statements {
      let flow = try execute(statement, scope)
      if flow != .normal { return flow }
    }
    return .normal
  }

  private func execute(_ statement: Statement, _ scope: Scope) throws -> Flow {
    switch statement {
    case .text(let text):
      try write(text)
      return .normal
    case .output(let expression, let line):
      self.line = line
      try write(try printed(try evaluate(expression, scope)))
      return .normal
    case .branches(let branches, let otherwise):
      for branch in branches {
        line = branch.line
        try spend()
        if try isTrue(try evaluate(branch.test, scope)) { return try deeper { try execute(branch.body, scope) } }
      }
      return try deeper { try execute(otherwise, scope) }
    case .assign(let target, let expression, let line):
      self.line = line
      try spend()
      try checkNamespaces(target, scope)
      try assign(try evaluate(expression, scope), to: target, scope)
      return .normal
    case .loop(let loop): return try deeper { try run(loop, scope) }
    case .breakLoop: return .leaveLoop
    case .continueLoop: return .nextElement
    default: return try deeper { try executeBlock(statement, scope) }
    }
  }

  /// The statements that chat templates use less.
  private func executeBlock(_ statement: Statement, _ scope: Scope) throws -> Flow {
    try spend()
    switch statement {
    case .assignBlock(let target, let value, let body, let line):
      self.line = line
      let inner = Scope(parent: scope)
      var flow = Flow.normal
      let written = try capture { flow = try execute(body, inner) }
      if flow != .normal { return flow }
      try checkNamespaces(target, scope)
      try assign(try evaluate(value, inner, capturing: written), to: target, scope)
    case .filterBlock(let value, let body, let line):
      self.line = line
      let inner = Scope(parent: scope)
      var flow = Flow.normal
      let written = try capture { flow = try execute(body, inner) }
      if flow != .normal { return flow }
      try writeString(try evaluate(value, inner, capturing: written))
    case .macro(let definition, _):
      keep(scope)
      scope.set(definition.number, .object(Macro(definition, scope)))
    case .callBlock(let callee, let arguments, let caller, let line):
      self.line = line
      keep(scope)
      let function = try evaluate(callee, scope)
      var given = try evaluate(arguments, scope)
      given.keywords.append(("caller", .object(Macro(caller, scope))))
      try writeString(try call(function, given))
    case .with(let pairs, let body, let line):
      self.line = line
      let inner = Scope(parent: scope)
      for pair in pairs { try assign(try evaluate(pair.value, scope), to: pair.target, inner) }
      return try execute(body, inner)
    case .block(let body): return try execute(body, Scope(parent: scope))
    case .generation(let body, let line):
      self.line = line
      try generate { _ = try execute(body, Scope(parent: scope)) }
    case .refused(let tag, let line):
      self.line = line
      throw TemplateFailure("a chat template stands alone: '{% \(tag) %}' is not allowed")
    default: break
    }
    return .normal
  }

  private func writeString(_ value: Value) throws {
    guard case .string(let text) = value else {
      throw TemplateFailure("a block must give a string, not \(value.typeName)")
    }
    try write(text)
  }

  private func evaluate(_ expression: Expression, _ scope: Scope, capturing text: Text) throws -> Value {
    let outer = captured
    captured = text
    defer { captured = outer }
    return try evaluate(expression, scope)
  }

  // MARK: Loops

  private func run(_ loop: Statement.Loop, _ scope: Scope) throws -> Flow {
    line = loop.line
    let sequence = try evaluate(loop.sequence, scope)
    guard loop.isRecursive else { return try run(loop, over: sequence, scope, depth: 0) }
    try write(try runRecursively(loop, over: sequence, scope, depth: 0))
    return .normal
  }

  /// The text of a recursive loop over a sequence.
  func runRecursively(_ loop: Statement.Loop, over sequence: Value, _ scope: Scope, depth: Int) throws -> Text {
    try enteringCall { try capture { _ = try run(loop, over: sequence, scope, depth: depth) } }
  }

  private func run(_ loop: Statement.Loop, over sequence: Value, _ scope: Scope, depth: Int) throws -> Flow {
    let state = LoopState(try filtered(loop, sequence, scope), of: loop, scope, depth: depth)
    try checkDepth(state.depth)
    let inner = Scope(parent: scope)
    var isUntouched = true
    iteration: while let element = try state.advance() {
      try spend()
      inner.clear()
      if let loopNumber { inner.set(loopNumber, .object(state)) }
      try assign(element, to: loop.target, inner)
      switch try execute(loop.body, inner) {
      case .leaveLoop: break iteration
      case .nextElement: break
      // Jinja notes a run of the loop only where its body comes to its end.
      case .normal: isUntouched = false
      }
    }
    inner.clear()
    return isUntouched ? try execute(loop.otherwise, Scope(parent: scope)) : .normal
  }

  private func filtered(_ loop: Statement.Loop, _ sequence: Value, _ scope: Scope) throws -> LoopState.Source {
    guard let test = loop.test else {
      return LoopState.Source(try iterate(sequence), length: length(sequence), sequence)
    }
    var elements = try iterate(sequence)
    let inner = Scope(parent: scope)
    let generator = Generator(depth: sequence.depth) { [self] in
      while let element = try elements.next() {
        try spend()
        inner.clear()
        try assign(element, to: loop.target, inner)
        if try isTrue(try evaluate(test, inner)) { return element }
      }
      return nil
    }
    return LoopState.Source(ValueIterator(generator), length: nil, sequence)
  }

  // MARK: Assignments

  private func checkNamespaces(_ target: Target, _ scope: Scope) throws {
    switch target {
    case .name: return
    case .tuple(let targets): for target in targets { try checkNamespaces(target, scope) }
    case .member(let number, let attribute):
      guard case .object(let object) = lookUp(number, scope), object is Namespace else {
        throw TemplateFailure(
          "'\(names[number].string).\(attribute.string)' cannot be set: '\(names[number].string)' is no namespace")
      }
    }
  }

  func assign(_ value: Value, to target: Target, _ scope: Scope) throws {
    switch target {
    case .name(let number): scope.set(number, value)
    case .member(let number, let attribute):
      guard case .object(let object) = lookUp(number, scope), let namespace = object as? Namespace else { return }
      try namespace.set(attribute, value)
    case .tuple(let targets):
      var elements = try iterate(value)
      var values: [Value] = []
      while values.count <= targets.count, let element = try elements.next() { values.append(element) }
      guard values.count == targets.count else {
        let found = values.count > targets.count ? "more" : "\(values.count)"
        throw TemplateFailure("\(targets.count) variables need as many values, not \(found)")
      }
      for (target, value) in zip(targets, values) { try assign(value, to: target, scope) }
    }
  }
}
