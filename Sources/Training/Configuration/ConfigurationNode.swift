import Yams

/// A YAML document as a tree whose every node knows where it was written.
struct ConfigurationNode: Sendable {
  enum Content: Sendable {
    /// `isPlain` is false for quoted and block scalars, which are always strings.
    case scalar(String, isPlain: Bool)
    case sequence([ConfigurationNode])
    case mapping([Entry])
  }

  struct Entry: Sendable {
    var key: String
    var place: String
    var value: ConfigurationNode
  }

  var content: Content
  /// `config.yaml line 12` or `--set key=value`.
  var place: String

  /// Nodes that one document may hold. Aliases make small files huge; no real configuration comes near.
  static let nodeLimit = 100_000

  /// Parses one YAML document. An empty text is an empty mapping.
  static func parse(yaml: String, file: String) throws(ConfigurationError) -> ConfigurationNode {
    var remaining = nodeLimit
    guard let root = try compose(yaml, place: file) else { return ConfigurationNode(content: .mapping([]), place: file) }
    return try convert(root, outer: file, remaining: &remaining) { "\(file) line \($0)" }
  }

  /// Parses the value of a `--set`; every node in it stands at `place`.
  static func parse(overrideValue yaml: String, place: String) throws(ConfigurationError) -> ConfigurationNode {
    var remaining = nodeLimit
    guard let root = try compose(yaml, place: place) else {
      return ConfigurationNode(content: .scalar("null", isPlain: true), place: place)
    }
    return try convert(root, outer: place, remaining: &remaining) { _ in place }
  }

  /// `nil`, `~`, `null` and an empty plain scalar.
  var isNull: Bool {
    guard case .scalar(let text, isPlain: true) = content else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(text)
  }

  /// The value as one short piece of text for messages.
  var shown: String {
    switch content {
    case .scalar(let text, _):
      let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
      return isNull ? "null" : "'\(line.count > 60 ? line.prefix(57) + "..." : line[...])'"
    case .sequence(let items): return "a list of \(items.count)"
    case .mapping(let entries): return "a mapping with \(entries.count) key\(entries.count == 1 ? "" : "s")"
    }
  }

  private static func compose(_ yaml: String, place: String) throws(ConfigurationError) -> Node? {
    func failure(_ problem: String, _ mark: Mark?) -> ConfigurationError {
      ConfigurationError(
        place: mark.map { "\(place) line \($0.line)" } ?? place, key: "", reason: "this is not valid YAML: \(problem)")
    }
    do {
      return try Yams.compose(yaml: yaml)
    } catch let error as YamlError {
      switch error {
      case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
        .composer(let context, let problem, let mark, _):
        throw failure(context.map { "\(problem) \($0.text)" } ?? problem, mark)
      case .duplicatedKeysInMapping(let keys, let context):
        throw ConfigurationError(
          place: "\(place) line \(context.mark.line)", key: keys.joined(separator: ", "),
          reason: "the key is given twice in one section; keep one")
      case .reader(let problem, let offset, _, _):
        throw failure(offset.map { "\(problem) at byte \($0)" } ?? problem, nil)
      default: throw failure("\(error)".split(whereSeparator: \.isNewline).first.map(String.init) ?? "unreadable", nil)
      }
    } catch {
      throw failure("\(error)", nil)
    }
  }

  private static func convert(
    _ node: Node, outer: String, remaining: inout Int, place: (Int) -> String
  ) throws(ConfigurationError) -> ConfigurationNode {
    let here = node.mark.map { place($0.line) } ?? outer
    remaining -= 1
    guard remaining > 0 else {
      throw ConfigurationError(
        place: here, key: "", reason: "the document holds more than \(nodeLimit) values; aliases may not multiply it")
    }
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain || scalar.style == .any
      return ConfigurationNode(content: .scalar(scalar.string, isPlain: isPlain), place: here)
    case .sequence(let sequence):
      var items: [ConfigurationNode] = []
      for item in sequence {
        items.append(try convert(item, outer: here, remaining: &remaining, place: place))
      }
      return ConfigurationNode(content: .sequence(items), place: here)
    case .mapping(let mapping):
      var entries: [Entry] = []
      var merged: [Entry] = []
      for (key, value) in mapping {
        let keyPlace = key.mark.map { place($0.line) } ?? here
        guard case .scalar(let name) = key else {
          throw ConfigurationError(place: keyPlace, key: "", reason: "a key must be a plain word, not a list or mapping")
        }
        let child = try convert(value, outer: keyPlace, remaining: &remaining, place: place)
        if name.string == "<<" {
          merged += mergedEntries(child)
        } else {
          entries.append(Entry(key: name.string, place: keyPlace, value: child))
        }
      }
      for entry in merged where !entries.contains(where: { $0.key == entry.key }) { entries.append(entry) }
      return ConfigurationNode(content: .mapping(entries), place: here)
    case .alias:
      throw ConfigurationError(place: here, key: "", reason: "the alias refers to no anchor")
    }
  }

  /// What YAML's merge key `<<` brings in: a mapping, or a list of mappings of which the earlier win.
  private static func mergedEntries(_ node: ConfigurationNode) -> [Entry] {
    switch node.content {
    case .mapping(let entries): return entries
    case .sequence(let items): return items.flatMap(mergedEntries)
    case .scalar: return []
    }
  }
}
