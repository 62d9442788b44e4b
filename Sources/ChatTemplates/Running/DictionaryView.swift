/// What `keys()`, `values()` and `items()` of a dictionary give.
final class DictionaryView: RuntimeObject {
  enum Kind: String {
    case keys = "dict_keys", values = "dict_values", items = "dict_items"
  }

  private let kind: Kind
  private let members: Members

  init(_ kind: Kind, of members: Members) { (self.kind, self.members) = (kind, members) }

  override var typeName: String { kind.rawValue }
  override var depth: Int { members.depth + 1 }
  override var length: Int? { members.entries.count }

  func elements(_ interpreter: Interpreter) throws -> [Value] {
    try interpreter.spend(members.entries.count)
    switch kind {
    case .keys: return Array(members.entries.keys)
    case .values: return Array(members.entries.values)
    case .items: return try members.entries.elements.map { try interpreter.tuple([$0.key, $0.value]) }
    }
  }

  override func iterator(_ interpreter: Interpreter) throws -> ValueIterator? {
    ValueIterator(try elements(interpreter))
  }

  override func representation(_ interpreter: Interpreter) throws -> Text {
    var builder = TextBuilder()
    try interpreter.append(try elements(interpreter), "\(kind.rawValue)([", "])", to: &builder)
    return builder.text
  }
}
