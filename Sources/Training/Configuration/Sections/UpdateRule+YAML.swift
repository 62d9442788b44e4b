import Optimization

/// Reads `optimizer.optimizer_factory`: a name of the catalogue, AdamW where none is given, and that rule's settings.
func readUpdateRule(
  _ node: ConfigurationNode?, path: String, notes: inout ReadingNotes
) throws(ConfigurationError) -> any UpdateRule {
  var type: any UpdateRule.Type = AdamW.self
  if case .mapping(let entries) = node?.content, let entry = entries.first(where: { $0.key == "name" }),
    !entry.value.isNull
  {
    let text = entry.value.scalarText ?? ""
    guard let found = OptimizerCatalog.rule(named: text) else {
      throw ConfigurationError(
        place: entry.value.place, key: "\(path).name",
        reason: "\(entry.value.shown) is not one of \(OptimizerCatalog.names.joined(separator: ", "))")
    }
    type = found
  }
  return try read(type, node, path: path, notes: &notes)
}

private func read<Rule: UpdateRule>(
  _ type: Rule.Type, _ node: ConfigurationNode?, path: String, notes: inout ReadingNotes
) throws(ConfigurationError) -> any UpdateRule {
  let section = try notes.section(
    node, path, known: ["name"] + Rule.settings.map(\.key),
    withoutEffect: type == AdamW.self ? ["torch_adam_is_fused": "true"] : [:])
  var rule = Rule()
  for setting in Rule.settings {
    let key = setting.key
    switch setting.kind {
    case .number(let path, let limits):
      if let value = try section.number(key, where: limits.contains, limits.rawValue) { rule[keyPath: path] = value }
    case .integer(let path, let range):
      if let value = try section.integer(key, in: range) { rule[keyPath: path] = value }
    case .steps(let path): rule[keyPath: path] = try section.integer(key, in: 1...1_000_000_000_000)
    case .flag(let path):
      if let value = try section.bool(key) { rule[keyPath: path] = value }
    case .choice(let path, let choices):
      if let value = try section.choice(key, choices) { rule[keyPath: path] = value }
    case .patterns(let path):
      if let value = try section.patterns(key) { rule[keyPath: path] = value }
    }
  }
  return rule
}

extension UpdateRule {
  /// The name and every setting, as `optimizer_factory` gives them.
  var yaml: YAMLValue {
    .mapping(
      .init(
        [("name", .string(Self.name))]
          + Self.settings.map { setting in
            switch setting.kind {
            case .number(let path, _): (setting.key, .double(self[keyPath: path]))
            case .integer(let path, _): (setting.key, .int(self[keyPath: path]))
            case .steps(let path): (setting.key, .optional(self[keyPath: path], YAMLValue.int))
            case .flag(let path): (setting.key, .bool(self[keyPath: path]))
            case .choice(let path, _): (setting.key, .string(self[keyPath: path]))
            case .patterns(let path): (setting.key, .list(self[keyPath: path].patterns.map(YAMLValue.string)))
            }
          }))
  }
}

extension ConfigurationSection {
  /// One of `choices`, letter case ignored.
  func choice(_ key: String, _ choices: [String]) throws(ConfigurationError) -> String? {
    guard let node = self[key] else { return nil }
    let text = node.scalarText?.lowercased()
    if let value = choices.first(where: { $0.lowercased() == text }) { return value }
    throw error(key, "\(node.shown) is not one of \(choices.joined(separator: ", "))")
  }

  /// Regular expressions that name parameters.
  func patterns(_ key: String) throws(ConfigurationError) -> NamePatterns? {
    guard let items = try strings(key) else { return nil }
    for (index, pattern) in items.enumerated() {
      do {
        _ = try NamePatterns(patterns: [pattern])
      } catch {
        var place = self.error(key, "").place
        if case .sequence(let nodes)? = self[key]?.content { place = nodes[index].place }
        throw ConfigurationError(
          place: place, key: "\(childPath(key)).\(index)",
          reason: "'\(pattern)' is not a regular expression that can be read: \(error)")
      }
    }
    return try? NamePatterns(patterns: items)
  }
}
