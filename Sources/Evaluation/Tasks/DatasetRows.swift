import Formats

/// Rows of a dataset.
enum DatasetRows {
  /// All rows of a split's files: Parquet, JSON lines (also compressed with gzip), or one JSON array.
  /// - Throws: a sentence naming file and line where one is damaged.
  static func read(_ files: [String]) throws -> [JSON] {
    try files.flatMap { path in
      if path.hasSuffix(".parquet") { return try ParquetFile.rows(ofFile: path) }
      if path.hasSuffix(".json") {
        guard let rows = try JSON.parse(contentsOfFile: path).arrayValue else { return try lines(path) }
        return rows
      }
      return try lines(path)
    }
  }

  private static func lines(_ path: String) throws -> [JSON] { try ObjectLines.read(path).map(\.row) }
}
