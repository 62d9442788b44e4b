import Formats

/// What a folder of data holds.
enum DataFolder {
  /// Whether there are token files (`.ds`) directly in it.
  static func holdsTokenFiles(_ path: String) -> Bool {
    guard Paths.isFolder(path), let names = try? Paths.names(inFolder: path) else { return false }
    return names.contains { $0.hasSuffix(".ds") }
  }
}
