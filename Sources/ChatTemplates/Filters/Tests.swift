extension Test {
  /// The test of that name: Jinja's own.
  static func named(_ name: String) -> Test? { all[name] }

  private static func relation(_ relation: Relation) -> Test {
    Test { interpreter, value, arguments in
      try interpreter.compare(value, relation, try arguments.unnamed("a comparison", 1...1)[0])
    }
  }

  /// A test of the value alone.
  private static func plain(_ test: @escaping @Sendable (Value) -> Bool) -> Test { alone { _, value in test(value) } }

  private static func alone(_ test: @escaping @Sendable (Interpreter, Value) throws -> Bool) -> Test {
    Test { interpreter, value, arguments in
      _ = try arguments.unnamed("the test", 0...0)
      return try test(interpreter, value)
    }
  }

  private static func remainder(_ interpreter: Interpreter, _ value: Value, by divisor: Value) throws -> Value {
    try interpreter.compute(.modulo, value, divisor)
  }

  private static let all: [String: Test] = [
    "defined": plain { !$0.isUndefined }, "undefined": plain { $0.isUndefined }, "none": plain { $0.isNone },
    "boolean": plain { if case .bool = $0 { true } else { false } },
    "true": plain { if case .bool(true) = $0 { true } else { false } },
    "false": plain { if case .bool(false) = $0 { true } else { false } },
    "integer": plain { if case .integer = $0 { true } else { false } },
    "float": plain { if case .float = $0 { true } else { false } },
    "number": plain { $0.number != nil },
    "string": plain { if case .string = $0 { true } else { false } },
    "mapping": plain { if case .dictionary = $0 { true } else { false } },
    "escaped": plain { if case .string(let text) = $0 { text.isMarkup } else { false } },
    "sequence": plain { value in
      switch value {
      case .undefined, .string, .list, .tuple, .dictionary: true
      case .object(let object): object.isSequence
      default: false
      }
    },
    "iterable": alone { interpreter, value in try interpreter.iterator(value) != nil },
    "callable": plain { value in
      switch value {
      case .undefined: true
      case .object(let object): object.isCallable
      default: false
      }
    },
    "lower": alone { interpreter, value in try interpreter.printed(value).matches(.islower) },
    "upper": alone { interpreter, value in try interpreter.printed(value).matches(.isupper) },
    "odd": alone { interpreter, value in try remainder(interpreter, value, by: .integer(2)) == .integer(1) },
    "even": alone { interpreter, value in try remainder(interpreter, value, by: .integer(2)) == .integer(0) },
    "divisibleby": Test { interpreter, value, arguments in
      let divisor = try arguments.bound("divisibleby", to: ["num"], required: 1)[0] ?? .none
      return try remainder(interpreter, value, by: divisor) == .integer(0)
    },
    "in": Test { interpreter, value, arguments in
      try interpreter.contains(try arguments.bound("in", to: ["seq"], required: 1)[0] ?? .none, value)
    },
    "sameas": Test { _, value, arguments in
      let other = try arguments.bound("sameas", to: ["other"], required: 1)[0] ?? .none
      switch (value, other) {
      case (.object(let a), .object(let b)): return a === b
      case (.dictionary(let a), .dictionary(let b)): return a === b
      default: return value.typeName == other.typeName && value == other
      }
    },
    "filter": plain { value in if case .string(let name) = value { Filter.named(name.string) != nil } else { false } },
    "test": plain { value in if case .string(let name) = value { named(name.string) != nil } else { false } },
    "==": relation(.equal), "eq": relation(.equal), "equalto": relation(.equal),
    "!=": relation(.notEqual), "ne": relation(.notEqual),
    ">": relation(.greater), "gt": relation(.greater), "greaterthan": relation(.greater),
    ">=": relation(.greaterOrEqual), "ge": relation(.greaterOrEqual),
    "<": relation(.less), "lt": relation(.less), "lessthan": relation(.less),
    "<=": relation(.lessOrEqual), "le": relation(.lessOrEqual),
  ]
}
