import Formats

extension RunConfiguration {
  /// Reads a configuration file.
  ///
  /// - Throws: `ConfigurationError`, or `FileError` for a file that is missing, unreadable or not UTF-8.
  public static func read(
    path: String, overrides: [ConfigurationOverride] = []
  ) throws -> (configuration: RunConfiguration, warnings: [String]) {
    return try parse(yaml: TextFile.read(path), file: path, overrides: overrides)
  }
}
