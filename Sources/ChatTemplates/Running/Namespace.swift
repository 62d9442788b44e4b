import OrderedCollections

/// What `namespace(...)` makes: the one thing that a template can change.
final class Namespace: RuntimeObject {
  private var attributes: OrderedDictionary<Text, Value>

  init(_ attributes: OrderedDictionary<Text, Value>) throws {
    self.attributes = [:]
    super.init()
    for (name, value) in attributes { try set(name, value) }
  }

  override var typeName: String { "TemplateNamespace" }

  /// - Throws: for a name that begins with an underscore, which the sandbox keeps to itself.
  func set(_ name: Text, _ value: Value) throws {
    if name.bytes.first == 0x5F {
      throw TemplateFailure("a namespace stores no attribute that begins with an underscore: '\(name.string)'")
    }
    attributes[name] = value
  }

  func release() { attributes = [:] }

  override func attribute(_ name: Text, _ interpreter: Interpreter) -> Value? { attributes[name] }

  override func representation(_ interpreter: Interpreter) throws -> Text {
    var builder = TextBuilder()
    builder.append("<Namespace {")
    for (index, (name, value)) in attributes.elements.enumerated() {
      if index > 0 { builder.append(", ") }
      builder.append(name.representation)
      builder.append(": ")
      try interpreter.appendRepresentation(value, to: &builder)
    }
    builder.append("}>")
    return builder.text
  }
}
