import Models

/// Typed reading of one mapping of the configuration tree.
///
/// A section first declares all keys that it knows, so that a misspelled key is reported before a missing one.
struct ConfigurationSection {
  let path: String
  let place: String
  private let entries: [ConfigurationNode.Entry]
  /// Non-default values of keys that are accepted and have no effect here, as `key` paths.
  private(set) var keysWithoutEffect: [String] = []

  /// Reads `node` as a mapping of `known` keys and of `withoutEffect` keys with nanotron's defaults as YAML.
  init(
    _ node: ConfigurationNode?, path: String, fallbackPlace: String, known: [String],
    withoutEffect: KeyValuePairs<String, String> = [:]
  ) throws(ConfigurationError) {
    self.path = path
    guard let node, !node.isNull else {
      place = node?.place ?? fallbackPlace
      entries = []
      return
    }
    place = node.place
    guard case .mapping(let entries) = node.content else {
      throw ConfigurationError(place: node.place, key: path, reason: "\(node.shown) is not a section of keys and values")
    }
    self.entries = entries
    let all = known + withoutEffect.map(\.key)
    for entry in entries where !all.contains(entry.key) {
      let suggestion =
        nearestName(to: entry.key, in: all).map { "; did you mean '\($0)'?" }
        ?? "; known here: \(known.joined(separator: ", "))"
      let section = path.isEmpty ? "the top level" : "section \(path)"
      throw ConfigurationError(
        place: entry.place, key: Self.join(path, entry.key), reason: "there is no such key in \(section)\(suggestion)")
    }
    for entry in entries {
      guard let standard = withoutEffect.first(where: { $0.key == entry.key })?.value else { continue }
      if try !Self.isDefault(entry.value, standard, key: Self.join(path, entry.key)) {
        keysWithoutEffect.append(Self.join(path, entry.key))
      }
    }
  }

  /// The node under `key`; `nil` when it is missing or null.
  subscript(key: String) -> ConfigurationNode? {
    entries.first { $0.key == key }.map(\.value).flatMap { $0.isNull ? nil : $0 }
  }

  /// Whether `key` is written at all, be it as null.
  func has(_ key: String) -> Bool { entries.contains { $0.key == key } }

  /// An error about `key`, at the line where it stands or else at the section's.
  func error(_ key: String, _ reason: String) -> ConfigurationError {
    let entry = entries.first { $0.key == key }
    return ConfigurationError(
      place: entry?.value.place ?? place, key: Self.join(path, key), reason: reason)
  }

  func childPath(_ key: String) -> String { Self.join(path, key) }

  // MARK: Scalars

  func string(_ key: String) throws(ConfigurationError) -> String? {
    guard let node = self[key] else { return nil }
    return try Self.string(node, key: childPath(key))
  }

  func bool(_ key: String) throws(ConfigurationError) -> Bool? {
    guard let node = self[key] else { return nil }
    guard let value = node.boolean else { throw error(key, "\(node.shown) is not true or false") }
    return value
  }

  func integer(_ key: String, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
    guard let node = self[key] else { return nil }
    guard let value = node.integer else { throw error(key, "\(node.shown) is not a whole number") }
    guard range.contains(value) else {
      let allowed =
        range.upperBound == .max ? "at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
      throw error(key, "\(value) is out of range; it must be \(allowed)")
    }
    return value
  }

  func number(_ key: String, where allowed: (Double) -> Bool, _ rule: String) throws(ConfigurationError) -> Double? {
    guard let node = self[key] else { return nil }
    guard let value = node.number, value.isFinite else { throw error(key, "\(node.shown) is not a number") }
    guard allowed(value) else { throw error(key, "\(node.shown) is out of range; it must be \(rule)") }
    return value
  }

  /// One of the raw values of `Choice`, letter case ignored.
  func choice<Choice: CaseIterable & RawRepresentable<String>>(
    _ key: String, _ type: Choice.Type
  ) throws(ConfigurationError) -> Choice? {
    guard let node = self[key] else { return nil }
    let text = node.scalarText
    if let value = Choice.allCases.first(where: { $0.rawValue.lowercased() == text?.lowercased() }) { return value }
    let all = Choice.allCases.map(\.rawValue)
    throw error(key, "\(node.shown) is not \(all.count == 1 ? "" : "one of ")\(all.joined(separator: ", "))")
  }

  /// A list of strings; a lone string counts as a list of one.
  func strings(_ key: String) throws(ConfigurationError) -> [String]? {
    guard let node = self[key] else { return nil }
    guard case .sequence(let items) = node.content else { return [try Self.string(node, key: childPath(key))] }
    var result: [String] = []
    for (index, item) in items.enumerated() {
      result.append(try Self.string(item, key: "\(childPath(key)).\(index)"))
    }
    return result
  }

  static func string(_ node: ConfigurationNode, key: String) throws(ConfigurationError) -> String {
    guard case .scalar(let text, _) = node.content, !node.isNull else {
      throw ConfigurationError(place: node.place, key: key, reason: "\(node.shown) is not a piece of text")
    }
    return text
  }

  static func join(_ path: String, _ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// Whether the value of a key without effect equals its default; a value of another kind is an error.
  private static func isDefault(
    _ node: ConfigurationNode, _ standard: String, key: String
  ) throws(ConfigurationError) -> Bool {
    let expected = ConfigurationNode(content: .scalar(standard, isPlain: true), place: "")
    if node.isNull { return true }
    if expected.isNull { return false }
    func wrong(_ kind: String) -> ConfigurationError {
      ConfigurationError(place: node.place, key: key, reason: "\(node.shown) is not \(kind)")
    }
    if let value = expected.boolean {
      guard let given = node.boolean else { throw wrong("true or false") }
      return given == value
    }
    if let value = expected.number {
      guard let given = node.number else { throw wrong("a number") }
      return given == value
    }
    if standard == "[]" {
      guard case .sequence(let items) = node.content else { throw wrong("a list") }
      return items.isEmpty
    }
    guard let given = node.scalarText else { throw wrong("a piece of text") }
    return given.lowercased() == standard.lowercased()
  }
}
