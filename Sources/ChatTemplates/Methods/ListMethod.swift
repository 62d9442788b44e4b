/// The methods of a list that Python has; tuples have `count` and `index`.
enum ListMethod: String {
  case copy, count, index
  case append, clear, extend, insert, pop, remove, reverse, sort

  /// Whether the sandbox refuses it, because it changes the list.
  var changes: Bool {
    switch self {
    case .copy, .count, .index: false
    default: true
    }
  }

  func call(_ interpreter: Interpreter, _ value: Value, _ arguments: CallArguments) throws -> Value {
    let elements = try interpreter.elements(of: value)
    switch self {
    case .copy:
      _ = try arguments.unnamed(rawValue, 0...0)
      return value
    case .count:
      let wanted = try arguments.unnamed(rawValue, 1...1)[0]
      try interpreter.spend(elements.count)
      return .integer(elements.count { $0 == wanted })
    case .index:
      let given = try arguments.unnamed(rawValue, 1...3)
      let ends = try given.dropFirst().map { value in
        guard let index = value.index else { throw TemplateFailure("the ends of 'index' are whole numbers") }
        return min(max(index < 0 ? max(index, -elements.count) + elements.count : index, 0), elements.count)
      }
      let start = ends.first ?? 0
      try interpreter.spend(elements.count)
      let range = start..<max(start, ends.count > 1 ? ends[1] : elements.count)
      guard let index = elements[range].firstIndex(of: given[0]) else {
        throw TemplateFailure("\(try interpreter.representation(given[0]).string) is not in the \(value.typeName)")
      }
      return .integer(index)
    default: throw TemplateFailure("'\(rawValue)' would change a list, which a template may not")
    }
  }
}
