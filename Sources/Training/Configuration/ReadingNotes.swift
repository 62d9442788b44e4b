/// What reading a configuration found besides its values.
struct ReadingNotes {
  /// File name for errors about what is missing altogether.
  let file: String
  /// Keys set to other than their default that change nothing here.
  var keysWithoutEffect: [String] = []

  /// Opens a section and notes its keys without effect.
  mutating func section(
    _ node: ConfigurationNode?, _ path: String, known: [String], withoutEffect: KeyValuePairs<String, String> = [:]
  ) throws(ConfigurationError) -> ConfigurationSection {
    let section = try ConfigurationSection(
      node, path: path, fallbackPlace: file, known: known, withoutEffect: withoutEffect)
    keysWithoutEffect += section.keysWithoutEffect
    return section
  }
}
