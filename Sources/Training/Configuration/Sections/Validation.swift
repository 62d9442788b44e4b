extension RunConfiguration.Apus.Validation {
  init(
    _ apus: ConfigurationSection, tokens: ConfigurationSection, trainSteps: Int, notes: inout ReadingNotes
  ) throws(ConfigurationError) {
    let section = try notes.section(
      apus["validation"], apus.childPath("validation"), known: ["folder", "interval", "batches"])
    sources = try Self.sources(section)
    interval =
      try Self.value(section, "interval", or: tokens, "val_check_interval", absent: -1) ?? max(1, trainSteps / 20)
    batches = try Self.value(section, "batches", or: tokens, "limit_val_batches", absent: 0) ?? 32
  }

  private static func value(
    _ section: ConfigurationSection, _ key: String, or tokens: ConfigurationSection, _ other: String, absent: Int
  ) throws(ConfigurationError) -> Int? {
    let own = try section.integer(key, in: 1...1_000_000_000_000)
    var theirs = try tokens.integer(other, in: absent...1_000_000_000_000)
    if let value = theirs, value <= 0 { theirs = nil }
    if let own, let theirs, own != theirs {
      throw section.error(key, "\(own) contradicts tokens.\(other) \(theirs); keep one of the two")
    }
    return own ?? theirs
  }

  private static func sources(_ section: ConfigurationSection) throws(ConfigurationError) -> [Source]? {
    guard let node = section["folder"] else { return nil }
    var sources: [Source] = []
    if case .mapping(let entries) = node.content {
      for entry in entries {
        let folder = try ConfigurationSection.string(entry.value, key: section.childPath("folder.\(entry.key)"))
        sources.append(Source(name: entry.key, folder: folder))
      }
    } else {
      for folder in try section.strings("folder") ?? [] { sources.append(Source(name: name(of: folder), folder: folder)) }
    }
    for (index, source) in sources.enumerated() {
      if source.name.isEmpty || source.folder.isEmpty {
        throw section.error("folder", "a folder or its name is empty; give name: path")
      }
      if sources[..<index].contains(where: { $0.name == source.name }) {
        throw section.error("folder", "two folders go by the name '\(source.name)'; give them as name: path")
      }
    }
    return sources
  }

  /// The last part of a path that says something: `data/code/validation` is `code`.
  static func name(of folder: String) -> String {
    let parts = folder.split(separator: "/").map(String.init).filter { $0 != "." && $0 != ".." }
    return parts.last { $0 != "validation" } ?? parts.last ?? folder
  }

  var yaml: YAMLValue {
    let folders: YAMLValue = .optional(sources) { sources in
      .mapping(.init(sources.map { (key: $0.name, value: .string($0.folder)) }))
    }
    return .mapping(["folder": folders, "interval": .int(interval), "batches": .int(batches)])
  }
}
