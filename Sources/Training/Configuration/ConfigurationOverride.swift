/// One `--set section.key=value` of the command line.
///
/// The key is a dotted path; a part that is a number indexes a list (`data_stages.0.data.dataset.dataset_folder`).
/// The value is YAML. Sections on the way that are missing are created; a list grows by one when its length is indexed.
public struct ConfigurationOverride: Sendable, Equatable, CustomStringConvertible {
  /// Parts of the dotted key.
  public var path: [String]
  /// YAML of the value.
  public var value: String

  /// Reads `section.key=value`.
  ///
  /// - Throws: `ConfigurationError` when there is no `=` or a part of the key is empty.
  public init(_ text: String) throws(ConfigurationError) {
    guard let equals = text.firstIndex(of: "=") else {
      throw ConfigurationError(place: "--set \(text)", key: "", reason: "write it as section.key=value")
    }
    let key = text[..<equals].filter { $0 != " " }
    path = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    value = String(text[text.index(after: equals)...])
    guard path.allSatisfy({ !$0.isEmpty }) else {
      throw ConfigurationError(
        place: "--set \(text)", key: "", reason: "'\(key)' is not a dotted key such as tokens.train_steps")
    }
  }

  public var description: String { "--set \(path.joined(separator: "."))=\(value)" }

  func apply(to root: ConfigurationNode) throws(ConfigurationError) -> ConfigurationNode {
    let leaf = try ConfigurationNode.parse(overrideValue: value, place: description)
    return try set(leaf, in: root, at: 0)
  }

  private func set(
    _ leaf: ConfigurationNode, in node: ConfigurationNode?, at depth: Int
  ) throws(ConfigurationError) -> ConfigurationNode {
    guard depth < path.count else { return leaf }
    let part = path[depth]
    let reached = path[..<depth].joined(separator: ".")
    guard let node, !node.isNull else {
      let child = try set(leaf, in: nil, at: depth + 1)
      if let index = Int(part) {
        guard index == 0 else { throw outOfRange(index, count: 0, key: reached) }
        return ConfigurationNode(content: .sequence([child]), place: description)
      }
      let entry = ConfigurationNode.Entry(key: part, place: description, value: child)
      return ConfigurationNode(content: .mapping([entry]), place: description)
    }
    var result = node
    switch node.content {
    case .mapping(var entries):
      if let index = entries.firstIndex(where: { $0.key == part }) {
        entries[index].value = try set(leaf, in: entries[index].value, at: depth + 1)
        entries[index].place = description
      } else {
        let child = try set(leaf, in: nil, at: depth + 1)
        entries.append(ConfigurationNode.Entry(key: part, place: description, value: child))
      }
      result.content = .mapping(entries)
    case .sequence(var items):
      guard let index = Int(part) else {
        throw ConfigurationError(
          place: description, key: reached, reason: "this is a list; '\(part)' must be an index from 0 to \(items.count)")
      }
      guard index >= 0, index <= items.count else { throw outOfRange(index, count: items.count, key: reached) }
      if index == items.count {
        items.append(try set(leaf, in: nil, at: depth + 1))
      } else {
        items[index] = try set(leaf, in: items[index], at: depth + 1)
      }
      result.content = .sequence(items)
    case .scalar:
      throw ConfigurationError(
        place: description, key: reached, reason: "this is the single value \(node.shown) and has no '\(part)' in it")
    }
    return result
  }

  private func outOfRange(_ index: Int, count: Int, key: String) -> ConfigurationError {
    ConfigurationError(
      place: description, key: key, reason: "index \(index) is past the end; the list has \(count) items")
  }
}
