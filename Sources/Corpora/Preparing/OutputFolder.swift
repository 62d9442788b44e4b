import Formats

/// Whether a folder may take prepared data.
enum OutputFolder {
  /// Returns whether something that stands there must be replaced.
  /// - Throws: `CorpusError` when the folder holds data and may not, or must not, be overwritten.
  static func check(_ path: String, overwrite: Bool) throws -> Bool {
    guard Paths.exists(path) else { return false }
    guard Paths.isFolder(path) else { throw CorpusError(path, "is a file; name a folder for the output") }
    let names = try Paths.names(inFolder: path)
    if names.isEmpty { return false }
    // Replacing removes the whole folder, so nothing but prepared data may stand in it.
    if let other = names.first(where: { !isOurs($0) }) {
      throw CorpusError(path, "holds other files such as \(other); name a new or empty folder for the output")
    }
    guard overwrite else {
      throw CorpusError(path, "already holds prepared data; name another folder or allow it to be overwritten")
    }
    return true
  }

  private static func isOurs(_ name: String) -> Bool {
    name == "summary.json" || name == "validation"
      || [".ds", ".ds.index", ".ds.metadata", ".ds.loss"].contains(where: name.hasSuffix)
  }
}
