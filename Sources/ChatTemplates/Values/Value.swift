import OrderedCollections

/// What a template computes with: the values of Python that chat templates meet.
///
/// Lists and dictionaries are values, since the sandbox refuses every change to them; what has identity (namespaces,
/// macros, loops, iterators) is an object.
enum Value {
  case undefined(Undefined)
  case none
  case bool(Bool)
  case integer(Int)
  case float(Double)
  case string(Text)
  case list(Items)
  case tuple(Items)
  case dictionary(Members)
  case object(RuntimeObject)
}

/// The elements of a list or tuple, and how deeply lists stand in them.
struct Items {
  let elements: [Value]
  let depth: Int

  init(_ elements: [Value]) {
    self.elements = elements
    depth = 1 + elements.reduce(0) { max($0, $1.depth) }
  }
}

/// The members of a dictionary in their order.
final class Members {
  let entries: OrderedDictionary<Value, Value>
  let depth: Int

  init(_ entries: OrderedDictionary<Value, Value>) {
    self.entries = entries
    depth = 1 + entries.values.reduce(0) { max($0, $1.depth) }
  }

  subscript(_ key: Text) -> Value? { entries[.string(key)] }
}

/// The outcome of a name, attribute or item that is not there. It prints as nothing, is false and empty; most other
/// uses end in an error with this message.
final class Undefined: Sendable {
  let message: String

  init(_ message: String) { self.message = message }
}

extension Value {
  /// How deeply values stand in values; scalars are 0.
  var depth: Int {
    switch self {
    case .list(let items), .tuple(let items): items.depth
    case .dictionary(let members): members.depth
    case .object(let object): object.depth
    default: 0
    }
  }

  static func string(_ text: String) -> Value { .string(Text(text)) }

  /// Python's name of the type.
  var typeName: String {
    switch self {
    case .undefined: "Undefined"
    case .none: "NoneType"
    case .bool: "bool"
    case .integer: "int"
    case .float: "float"
    case .string(let text): text.isMarkup ? "Markup" : "str"
    case .list: "list"
    case .tuple: "tuple"
    case .dictionary: "dict"
    case .object(let object): object.typeName
    }
  }

  /// The whole number that an index or count may be: `True` counts as 1.
  var index: Int? {
    switch self {
    case .integer(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  /// The number as arithmetic sees it.
  var number: Double? {
    if case .float(let value) = self { return value }
    return index.map(Double.init)
  }

  var isUndefined: Bool {
    if case .undefined = self { return true }
    return false
  }

  var isNone: Bool {
    if case .none = self { return true }
    return false
  }
}
