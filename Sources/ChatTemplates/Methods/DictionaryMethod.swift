/// The methods of a dictionary that Python has.
enum DictionaryMethod: String {
  case get, items, keys, values, copy, fromkeys
  case clear, pop, popitem, setdefault, update

  /// Whether the sandbox refuses it, because it changes the dictionary.
  var changes: Bool {
    switch self {
    case .clear, .pop, .popitem, .setdefault, .update: true
    default: false
    }
  }

  func call(_ interpreter: Interpreter, _ value: Value, _ arguments: CallArguments) throws -> Value {
    guard case .dictionary(let members) = value else { return .none }
    switch self {
    case .get:
      let given = try arguments.unnamed("get", 1...2)
      try interpreter.checkHashable(given[0])
      return members.entries[given[0]] ?? (given.count > 1 ? given[1] : .none)
    case .items, .keys, .values:
      _ = try arguments.unnamed(rawValue, 0...0)
      let kind: DictionaryView.Kind = self == .items ? .items : self == .keys ? .keys : .values
      return .object(DictionaryView(kind, of: members))
    case .copy:
      _ = try arguments.unnamed(rawValue, 0...0)
      return value
    case .fromkeys:
      let given = try arguments.unnamed(rawValue, 1...2)
      let pairs = try interpreter.elements(of: given[0]).map { key in
        try interpreter.checkHashable(key)
        return (key, given.count > 1 ? given[1] : Value.none)
      }
      return try interpreter.dictionary(.init(pairs) { $1 })
    default: throw TemplateFailure("'\(rawValue)' would change a dictionary, which a template may not")
    }
  }
}
