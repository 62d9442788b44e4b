/// What stands behind a `|`.
struct Filter: Sendable {
  let apply: @Sendable (Interpreter, Value, CallArguments) throws -> Value

  init(_ apply: @escaping @Sendable (Interpreter, Value, CallArguments) throws -> Value) { self.apply = apply }

  /// The filter of that name: Jinja's own, with transformers' `tojson`.
  static func named(_ name: String) -> Filter? { all[name] }

  private static let all: [String: Filter] = [textFilters, listFilters, choiceFilters, orderFilters, numberFilters]
    .reduce(into: [:]) { $0.merge($1) { first, _ in first } }
}

/// What stands behind `is`.
struct Test: Sendable {
  let apply: @Sendable (Interpreter, Value, CallArguments) throws -> Bool

  init(_ apply: @escaping @Sendable (Interpreter, Value, CallArguments) throws -> Bool) { self.apply = apply }
}

extension Interpreter {
  /// What an attribute named in a filter looks up: `name`, `name.part`, `name.0`, or a number.
  struct AttributePath {
    var parts: [Value] = []
  }

  func path(_ attribute: Value?) -> AttributePath {
    guard let attribute, !attribute.isNone else { return AttributePath() }
    guard case .string(let text) = attribute else { return AttributePath(parts: [attribute]) }
    return AttributePath(
      parts: text.split(at: ".").map { part in
        part.matches(.isdigit) ? Int(part.string).map(Value.integer) ?? .string(part) : .string(part)
      })
  }

  func value(_ path: AttributePath, of element: Value, default fallback: Value? = nil) throws -> Value {
    var value = element
    for part in path.parts {
      value = try item(of: value, part)
      if let fallback, !fallback.isNone, value.isUndefined { value = fallback }
    }
    return value
  }

  /// Strings without regard to case, for filters that compare.
  func ignoringCase(_ value: Value, unless isSensitive: Bool) -> Value {
    guard !isSensitive, case .string(let text) = value else { return value }
    return .string(text.lowercased)
  }

  func flag(_ value: Value?) throws -> Bool { try value.map(isTrue) ?? false }

  /// Sorts as Python does: stable, and by its order of values.
  func sorted<Element>(
    _ elements: [Element], descending: Bool = false, by key: (Element) throws -> Value
  ) throws -> [Element] {
    var keyed: [(offset: Int, key: Value, element: Element)] = []
    for element in elements { keyed.append((keyed.count, try key(element), element)) }
    try keyed.sort { a, b in
      let (first, second) = descending ? (b, a) : (a, b)
      if try isLess(first.key, second.key) { return true }
      return try a.offset < b.offset && !isLess(second.key, first.key)
    }
    return keyed.map(\.element)
  }
}
