extension Filter {
  /// Filters that run over a list lazily: `map` and those that choose.
  static let choiceFilters: [String: Filter] = [
    "map": Filter { interpreter, value, arguments in
      try lazily(interpreter, value) {
        let change = try mapping(interpreter, arguments)
        return { elements in
          guard let element = try elements.next() else { return nil }
          return try change(element)
        }
      }
    },
    "select": choice(of: true, byAttribute: false), "reject": choice(of: false, byAttribute: false),
    "selectattr": choice(of: true, byAttribute: true), "rejectattr": choice(of: false, byAttribute: true),
    "unique": Filter { interpreter, value, arguments in
      let given = try arguments.bound("unique", to: ["case_sensitive", "attribute"])
      let isSensitive = try interpreter.flag(given[0])
      let path = interpreter.path(given[1])
      var elements: ValueIterator?
      var seen: Set<Value> = []
      return try interpreter.generator(over: value.depth) {
        if elements == nil { elements = try interpreter.iterate(value) }
        while let element = try elements?.next() {
          try interpreter.spend()
          let key = interpreter.ignoringCase(try interpreter.value(path, of: element), unless: isSensitive)
          try interpreter.checkHashable(key)
          if seen.insert(key).inserted { return element }
        }
        return nil
      }
    },
  ]

  /// A generator that begins its work at the first element asked for, as Python's do; over nothing it does none.
  private static func lazily(
    _ interpreter: Interpreter, _ value: Value,
    _ prepare: @escaping () throws -> (inout ValueIterator) throws -> Value?
  ) throws -> Value {
    var elements = ValueIterator([])
    var next: ((inout ValueIterator) throws -> Value?)?
    return try interpreter.generator(over: value.depth) {
      if next == nil {
        guard try interpreter.isTrue(value) else { return nil }
        next = try prepare()
        elements = try interpreter.iterate(value)
      }
      try interpreter.spend()
      return try next?(&elements)
    }
  }

  private static func mapping(
    _ interpreter: Interpreter, _ arguments: CallArguments
  ) throws -> (Value) throws -> Value {
    if arguments.positional.isEmpty, arguments.keywords.contains(where: { $0.name == "attribute" }) {
      let given = try arguments.bound("map", to: ["attribute", "default"])
      let path = interpreter.path(given[0])
      return { try interpreter.value(path, of: $0, default: given[1]) }
    }
    guard let first = arguments.positional.first else { throw TemplateFailure("map needs the name of a filter") }
    guard case .string(let name) = first, let filter = Filter.named(name.string) else {
      throw TemplateFailure("there is no filter \(try interpreter.representation(first).string)")
    }
    let rest = CallArguments(positional: Array(arguments.positional.dropFirst()), keywords: arguments.keywords)
    return { try filter.apply(interpreter, $0, rest) }
  }

  private static func choice(of wanted: Bool, byAttribute: Bool) -> Filter {
    Filter { interpreter, value, arguments in
      try lazily(interpreter, value) {
        let passes = try condition(interpreter, arguments, byAttribute: byAttribute)
        return { elements in
          while let element = try elements.next() {
            try interpreter.spend()
            if try passes(element) == wanted { return element }
          }
          return nil
        }
      }
    }
  }

  private static func condition(
    _ interpreter: Interpreter, _ arguments: CallArguments, byAttribute: Bool
  ) throws -> (Value) throws -> Bool {
    var rest = arguments.positional[...]
    var path = Interpreter.AttributePath()
    if byAttribute {
      guard let attribute = rest.popFirst() else { throw TemplateFailure("the name of an attribute is missing") }
      path = interpreter.path(attribute)
    }
    guard let first = rest.popFirst() else { return { try interpreter.isTrue(try interpreter.value(path, of: $0)) } }
    guard case .string(let name) = first, let test = Test.named(name.string) else {
      throw TemplateFailure("there is no test \(try interpreter.representation(first).string)")
    }
    let given = CallArguments(positional: Array(rest), keywords: arguments.keywords)
    return { try test.apply(interpreter, try interpreter.value(path, of: $0), given) }
  }
}
