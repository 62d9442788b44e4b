import OrderedCollections

extension Value: Hashable {
  /// Python's `==`: numbers by value whatever their type, lists by elements, objects by identity.
  static func == (left: Value, right: Value) -> Bool {
    switch (left, right) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.string(let a), .string(let b)): return a == b
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)): return a.elements == b.elements
    case (.dictionary(let a), .dictionary(let b)):
      return a === b || a.entries.count == b.entries.count && a.entries.allSatisfy { b.entries[$0.key] == $0.value }
    case (.object(let a), .object(let b)): return a === b || a.isEqual(to: b)
    case (.float, _), (_, .float):
      guard let a = left.number, let b = right.number else { return false }
      return a == b
    default:
      guard let a = left.index, let b = right.index else { return false }
      return a == b
    }
  }

  func hash(into hasher: inout Hasher) {
    switch self {
    case .undefined, .none: hasher.combine(0)
    case .string(let text): text.hash(into: &hasher)
    case .list(let items), .tuple(let items): for element in items.elements { element.hash(into: &hasher) }
    case .dictionary(let members): hasher.combine(members.entries.count)
    case .object(let object): hasher.combine(object.typeName)
    case .bool, .integer, .float: hasher.combine(number ?? 0)
    }
  }

  /// Whether the value may be a key of a dictionary.
  var isHashable: Bool {
    switch self {
    case .list, .dictionary: false
    case .tuple(let items): items.elements.allSatisfy(\.isHashable)
    default: true
    }
  }
}
