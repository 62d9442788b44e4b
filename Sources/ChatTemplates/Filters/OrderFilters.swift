extension Filter {
  /// Filters that put elements in order.
  static let orderFilters: [String: Filter] = [
    "sort": Filter { interpreter, value, arguments in
      let given = try arguments.bound("sort", to: ["reverse", "case_sensitive", "attribute"])
      let isSensitive = try interpreter.flag(given[1])
      let attributes: [Value?] =
        if case .string(let text)? = given[2] { text.split(at: ",").map(Value.string) } else { [given[2]] }
      let paths = attributes.map(interpreter.path)
      let elements = try interpreter.elements(of: value)
      return try interpreter.list(
        try interpreter.sorted(elements, descending: try interpreter.flag(given[0])) { element in
          .list(
            Items(
              try paths.map { path in
                interpreter.ignoringCase(try interpreter.value(path, of: element), unless: isSensitive)
              }))
        })
    },
    "dictsort": Filter { interpreter, value, arguments in
      let given = try arguments.bound("dictsort", to: ["case_sensitive", "by", "reverse"])
      let isSensitive = try interpreter.flag(given[0])
      let place: Int
      switch given[1] ?? .string("key") {
      case .string("key"): place = 0
      case .string("value"): place = 1
      default: throw TemplateFailure("dictsort sorts by 'key' or 'value'")
      }
      guard case .dictionary(let members) = value else { throw interpreter.unsuitable("dictsort", value) }
      let pairs = members.entries.elements.map { [$0.key, $0.value] }
      let sorted = try interpreter.sorted(pairs, descending: try interpreter.flag(given[2])) { pair in
        interpreter.ignoringCase(pair[place], unless: isSensitive)
      }
      return try interpreter.list(try sorted.map(interpreter.tuple))
    },
    "groupby": Filter { interpreter, value, arguments in
      let given = try arguments.bound("groupby", to: ["attribute", "default", "case_sensitive"], required: 1)
      let isSensitive = try interpreter.flag(given[2])
      let path = interpreter.path(given[0])
      func key(_ element: Value) throws -> Value {
        interpreter.ignoringCase(try interpreter.value(path, of: element, default: given[1]), unless: isSensitive)
      }
      var groups: [(key: Value, elements: [Value])] = []
      for element in try interpreter.sorted(try interpreter.elements(of: value), by: key) {
        let own = try key(element)
        if groups.last?.key == own {
          groups[groups.count - 1].elements.append(element)
        } else {
          groups.append((own, [element]))
        }
      }
      return try interpreter.list(
        try groups.map { group in
          // The group shows its first element's key as it is written.
          let shown = try interpreter.value(path, of: group.elements[0], default: given[1])
          return .object(Group(shown, try interpreter.list(group.elements)))
        })
    },
    "min": extreme("min") { interpreter, candidate, best in try interpreter.isLess(candidate, best) },
    "max": extreme("max") { interpreter, candidate, best in try interpreter.isLess(best, candidate, ">") },
  ]

  private static func extreme(
    _ name: String, _ isBetter: @escaping @Sendable (Interpreter, Value, Value) throws -> Bool
  ) -> Filter {
    Filter { interpreter, value, arguments in
      let given = try arguments.bound(name, to: ["case_sensitive", "attribute"])
      let isSensitive = try interpreter.flag(given[0])
      let path = interpreter.path(given[1])
      var best: (key: Value, element: Value)?
      for element in try interpreter.elements(of: value) {
        let key = interpreter.ignoringCase(try interpreter.value(path, of: element), unless: isSensitive)
        if let held = best, try !isBetter(interpreter, key, held.key) { continue }
        best = (key, element)
      }
      return best?.element ?? .undefined(Undefined("No aggregated item, sequence was empty."))
    }
  }
}

/// One group of `groupby`: a pair with names.
final class Group: RuntimeObject {
  private let grouper: Value
  private let elements: Value

  init(_ grouper: Value, _ elements: Value) { (self.grouper, self.elements) = (grouper, elements) }

  override var typeName: String { "_GroupTuple" }
  override var depth: Int { 1 + max(grouper.depth, elements.depth) }
  override var length: Int? { 2 }
  override var isSequence: Bool { true }

  override func attribute(_ name: Text, _ interpreter: Interpreter) -> Value? {
    name == "grouper" ? grouper : name == "list" ? elements : nil
  }

  override func item(_ key: Value) -> Value? {
    switch key.index {
    case 0, -2: grouper
    case 1, -1: elements
    default: nil
    }
  }

  override func iterator(_ interpreter: Interpreter) -> ValueIterator? { ValueIterator([grouper, elements]) }

  override func representation(_ interpreter: Interpreter) throws -> Text {
    var builder = TextBuilder()
    try interpreter.append([grouper, elements], "(", ")", to: &builder)
    return builder.text
  }
}
