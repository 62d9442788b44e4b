import OrderedCollections

/// A macro with the scope that it was defined in.
final class Macro: RuntimeObject {
  private let definition: MacroDefinition
  private let scope: Scope

  init(_ definition: MacroDefinition, _ scope: Scope) {
    self.definition = definition
    self.scope = scope
  }

  override var typeName: String { "Macro" }
  override var isCallable: Bool { true }

  private var label: String { definition.name.map { "the macro '\($0.string)'" } ?? "the call block" }

  override func representation(_ interpreter: Interpreter) -> Text {
    Text("<Macro \(definition.name?.representation ?? "None")>")
  }

  override func attribute(_ name: Text, _ interpreter: Interpreter) throws -> Value? {
    switch name {
    case "name": definition.name.map(Value.string) ?? Value.none
    case "arguments": try interpreter.tuple(definition.parameters.map { .string($0.name) })
    case "caller": .bool(definition.readsCaller)
    case "catch_kwargs": .bool(definition.readsKeywords)
    case "catch_varargs": .bool(definition.readsRest)
    default: nil
    }
  }

  /// Binds as Jinja does: positional arguments, then keywords, then defaults; what is left goes to `kwargs` and
  /// `varargs` where the body reads them.
  override func call(_ arguments: CallArguments, _ interpreter: Interpreter) throws -> Value {
    let parameters = definition.parameters
    var keywords = arguments.keywords
    func take(_ name: Text) -> Value? {
      keywords.firstIndex { $0.name == name }.map { keywords.remove(at: $0).value }
    }
    var given: [Value?] = Array(arguments.positional.prefix(parameters.count))
    var declaresCaller = given.count == parameters.count && parameters.contains { $0.name == "caller" }
    for parameter in parameters.dropFirst(given.count) {
      if parameter.name == "caller" { declaresCaller = true }
      given.append(take(parameter.name))
    }
    let inner = Scope(parent: scope)
    if definition.readsCaller, !declaresCaller {
      bind("caller", take("caller") ?? .undefined(Undefined("No caller defined")), inner, interpreter)
    }
    if definition.readsKeywords {
      let pairs = keywords.map { (Value.string($0.name), $0.value) }
      bind("kwargs", try interpreter.dictionary(OrderedDictionary(pairs) { $1 }), inner, interpreter)
    } else if let keyword = keywords.first {
      throw TemplateFailure("\(label) has no argument '\(keyword.name.string)'")
    }
    if definition.readsRest {
      let rest = Array(arguments.positional.dropFirst(parameters.count))
      bind("varargs", try interpreter.tuple(rest), inner, interpreter)
    } else if arguments.positional.count > parameters.count {
      throw TemplateFailure("\(label) takes not more than \(parameters.count) arguments")
    }
    return try interpreter.enteringCall {
      let line = interpreter.line
      // All parameters are there before the first default is computed.
      for (parameter, value) in zip(parameters, given) {
        let missing = Value.undefined(Undefined("the parameter '\(parameter.name.string)' was not provided"))
        inner.set(parameter.number, value ?? missing)
      }
      for (parameter, value) in zip(parameters, given) where value == nil {
        guard let fallback = parameter.fallback else { continue }
        inner.set(parameter.number, try interpreter.evaluate(fallback, inner))
      }
      let text = try interpreter.capture { _ = try interpreter.execute(definition.body, inner) }
      interpreter.line = line
      return .string(text)
    }
  }

  private func bind(_ name: Text, _ value: Value, _ inner: Scope, _ interpreter: Interpreter) {
    if let number = interpreter.names.firstIndex(of: name) { inner.set(number, value) }
  }
}
