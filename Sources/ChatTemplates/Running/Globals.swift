import OrderedCollections

/// The functions that every chat template finds.
enum Globals {
  static func value(_ name: Text) -> Value? {
    switch name {
    case "range": function("range") { _, arguments in .object(try NumberRange(arguments)) }
    case "dict":
      function("dict") { interpreter, arguments in
        try interpreter.dictionary(try entries(arguments, "dict", interpreter))
      }
    case "namespace":
      function("namespace") { interpreter, arguments in
        var attributes: OrderedDictionary<Text, Value> = [:]
        for (key, value) in try entries(arguments, "namespace", interpreter) {
          guard case .string(let name) = key else { throw TemplateFailure("the attributes of a namespace are strings") }
          attributes[name] = value
        }
        let namespace = try Namespace(attributes)
        interpreter.register(namespace)
        return .object(namespace)
      }
    case "cycler":
      function("cycler") { _, arguments in
        .object(Cycler(try arguments.unnamed("cycler", 1...Int.max)))
      }
    case "joiner":
      function("joiner") { _, arguments in
        .object(Joiner(try arguments.bound("joiner", to: ["sep"])[0] ?? .string(", ")))
      }
    case "raise_exception":
      function("raise_exception") { interpreter, arguments in
        let message = try arguments.bound("raise_exception", to: ["message"], required: 1)[0] ?? .none
        throw TemplateFailure(try interpreter.printed(message).string, kind: .raised)
      }
    case "strftime_now":
      function("strftime_now") { interpreter, arguments in
        guard case .string(let format)? = try arguments.bound("strftime_now", to: ["format"], required: 1)[0] else {
          throw TemplateFailure("strftime_now takes a format such as '%d %B %Y'")
        }
        return try interpreter.text(try interpreter.now.formatted(format))
      }
    default: nil
    }
  }

  private static func function(
    _ name: String, _ body: @escaping (Interpreter, CallArguments) throws -> Value
  ) -> Value { .object(Function(name, body)) }

  /// What Python's `dict(...)` makes of its arguments.
  private static func entries(
    _ arguments: CallArguments, _ function: String, _ interpreter: Interpreter
  ) throws -> OrderedDictionary<Value, Value> {
    guard arguments.positional.count <= 1 else { throw TemplateFailure("\(function) takes at most one argument") }
    var entries: OrderedDictionary<Value, Value> = [:]
    switch arguments.positional.first {
    case nil: break
    case .dictionary(let members)?: entries = members.entries
    case let pairs?:
      for pair in try interpreter.elements(of: pairs) {
        let parts = try interpreter.elements(of: pair)
        guard parts.count == 2 else { throw TemplateFailure("\(function) takes pairs of a key and a value") }
        try interpreter.checkHashable(parts[0])
        entries[parts[0]] = parts[1]
      }
    }
    for (name, value) in arguments.keywords { entries[.string(name)] = value }
    return entries
  }
}
