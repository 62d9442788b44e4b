import Formats
import OrderedCollections

extension ConfigurationNode {
  /// The tree as a JSON value; plain scalars are read as leniently as everywhere in a configuration.
  var json: JSON {
    switch content {
    case .scalar(let text, let isPlain):
      guard isPlain else { return .string(text) }
      if isNull { return .null }
      if let integer, number != nil { return .integer(Int64(integer)) }
      return number.map { .number($0) } ?? boolean.map { .bool($0) } ?? .string(text)
    case .sequence(let items): return .array(items.map(\.json))
    case .mapping(let entries):
      return .object(OrderedDictionary(entries.map { ($0.key, $0.value.json) }, uniquingKeysWith: { $1 }))
    }
  }
}

extension YAMLValue {
  /// A JSON value to be written as YAML.
  init(_ json: JSON) {
    switch json {
    case .null: self = .null
    case .bool(let value): self = .bool(value)
    case .integer(let value): self = .int(Int(value))
    case .number(let value): self = .double(value)
    case .string(let value): self = .string(value)
    case .array(let items): self = .list(items.map(YAMLValue.init))
    case .object(let members): self = .mapping(YAMLValue.Entries(members.map { ($0.key, YAMLValue($0.value)) }))
    }
  }
}
