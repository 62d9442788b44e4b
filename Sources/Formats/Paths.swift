import Foundation

extension String {
  /// The path of `component` inside the folder that this path names.
  public func appendingPath(_ component: String) -> String {
    isEmpty ? component : hasSuffix("/") ? self + component : self + "/" + component
  }

  /// What follows the last slash, trailing slashes aside: the file's own name.
  public var lastPathPart: String {
    let parts = split(separator: "/")
    return parts.last.map(String.init) ?? (isEmpty ? "" : "/")
  }

  /// The folder that holds this path; "." for a bare name.
  public var parentPath: String {
    var path = self[...]
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}

/// Questions to the file system, and the few changes that are not writing a file.
public enum Paths {
  /// Whether a file or folder is there.
  public static func exists(_ path: String) -> Bool { status(path) != nil }

  /// Whether a folder is there.
  public static func isFolder(_ path: String) -> Bool {
    status(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
  }

  /// Whether two paths lead to the same file or folder.
  public static func isSame(_ path: String, _ other: String) -> Bool {
    guard let first = status(path), let second = status(other) else { return false }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }

  /// The size of a file in bytes.
  /// - Throws: `FileError` when there is none.
  public static func size(ofFile path: String) throws -> Int {
    var status = stat()
    guard stat(path, &status) == 0 else { throw FileError(path: path, action: "cannot be read") }
    return Int(status.st_size)
  }

  /// The names in a folder, sorted by their bytes, without "." and "..".
  /// - Throws: `FileError` when it cannot be listed.
  public static func names(inFolder path: String) throws -> [String] {
    guard let folder = opendir(path) else { throw FileError(path: path, action: "cannot be listed") }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Creates a folder and those above it; one that is there already is fine.
  /// - Throws: `FileError` naming the part that could not be made.
  public static func createFolder(_ path: String) throws {
    if isFolder(path) { return }
    let parent = path.parentPath
    if parent != path { try createFolder(parent) }
    if mkdir(path, 0o777) != 0, errno != EEXIST || !isFolder(path) {
      throw FileError(path: path, action: "cannot be created as a folder")
    }
  }

  /// Removes a file, or a folder with all it holds; one that is not there is fine.
  /// - Throws: `FileError` naming what could not be removed.
  public static func remove(_ path: String) throws {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR {
      for name in try names(inFolder: path) { try remove(path.appendingPath(name)) }
      if rmdir(path) != 0, errno != ENOENT { throw FileError(path: path, action: "cannot be removed") }
    } else if unlink(path) != 0, errno != ENOENT {
      throw FileError(path: path, action: "cannot be removed")
    }
  }

  /// Makes the names in a folder durable.
  /// - Throws: `FileError` when the system reports a failed write.
  public static func synchronizeFolder(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, action: "cannot be opened") }
    defer { close(descriptor) }
    // Some file systems have no fsync for folders; they say so with EINVAL, and then there is nothing to wait for.
    if fsync(descriptor) != 0, errno != EINVAL, errno != ENOTSUP {
      throw FileError(path: path, action: "cannot be made durable")
    }
  }

  private static func status(_ path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }
}
