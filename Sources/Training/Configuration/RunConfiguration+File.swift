import Formats

extension RunConfiguration {
  /// Reads a configuration file.
  ///
  /// - Throws: `ConfigurationError`, or the error of a file that is missing or unreadable.
  public static func read(
    path: String, overrides: [ConfigurationOverride] = []
  ) throws -> (configuration: RunConfiguration, warnings: [String]) {
    let file = try MappedFile(path)
    guard let text = String(validating: file.bytes, as: UTF8.self) else {
      throw ConfigurationError(place: path, key: "", reason: "this is not UTF-8 text")
    }
    return try parse(yaml: text, file: path, overrides: overrides)
  }
}
