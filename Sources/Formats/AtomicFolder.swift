import Foundation

/// Builds a folder beside its final path and renames it into place when it is complete.
///
/// Until `commit()` the final path keeps what it had. If the builder is discarded the partial folder is removed.
public final class AtomicFolder {
  /// Where the folder will stand.
  public let path: String
  /// The folder to fill.
  public let partialPath: String
  private var isOpen = true

  /// Creates an empty partial folder beside `path`, and the folders above it.
  /// - Throws: `FileError` when it cannot be created.
  public init(_ path: String) throws {
    var trimmed = path
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    self.path = trimmed
    partialPath = "\(trimmed).partial-\(getpid())-\(PartialNames.shared.next())"
    try Paths.createFolder(trimmed.parentPath)
    if mkdir(partialPath, 0o777) != 0 { throw FileError(path: trimmed, action: "cannot be created as a folder") }
  }

  deinit { discard() }

  /// Makes everything inside durable and renames the folder to `path`.
  /// - Parameter replacing: whether a folder that stands there gives way; it is moved aside first and removed last.
  /// - Throws: `FileError`; then `path` is as it was before.
  public func commit(replacing: Bool = false) throws {
    precondition(isOpen, "AtomicFolder: commit after commit or discard")
    var aside: String?
    do {
      try AtomicFolder.synchronize(partialPath)
      if replacing, Paths.exists(path) {
        let name = "\(path).replaced-\(getpid())-\(PartialNames.shared.next())"
        if rename(path, name) != 0 { throw FileError(path: path, action: "cannot be replaced") }
        aside = name
      }
      if rename(partialPath, path) != 0 { throw FileError(path: path, action: "cannot be put in place") }
    } catch {
      if let aside { rename(aside, path) }
      discard()
      throw error
    }
    isOpen = false
    try Paths.synchronizeFolder(path.parentPath)
    if let aside { try Paths.remove(aside) }
  }

  /// Removes the partial folder; after `commit()` this does nothing.
  public func discard() {
    guard isOpen else { return }
    isOpen = false
    // Nothing can be done about a partial folder that will not go; the error that led here matters more.
    try? Paths.remove(partialPath)
  }

  /// Removes partial folders of `path` whose processes have ended without cleaning up, as after a kill.
  ///
  /// Only for paths that no other machine writes to: a process is looked for on this one.
  /// - Throws: `FileError` when one cannot be removed.
  public static func removeAbandoned(of path: String) throws {
    let folder = path.parentPath
    guard Paths.isFolder(folder) else { return }
    let prefix = "\(path.lastPathPart).partial-"
    for name in try Paths.names(inFolder: folder) where name.hasPrefix(prefix) {
      let numbers = name.dropFirst(prefix.count).split(separator: "-").compactMap { pid_t($0) }
      guard numbers.count == 2, numbers[0] != getpid(), kill(numbers[0], 0) != 0, errno == ESRCH else { continue }
      try Paths.remove(folder.appendingPath(name))
    }
  }

  private static func synchronize(_ folder: String) throws {
    for name in try Paths.names(inFolder: folder) {
      let path = folder.appendingPath(name)
      if Paths.isFolder(path) {
        try synchronize(path)
        continue
      }
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw FileError(path: path, action: "cannot be opened") }
      defer { close(descriptor) }
      if fsync(descriptor) != 0 { throw FileError(path: path, action: "cannot be made durable") }
    }
    try Paths.synchronizeFolder(folder)
  }
}
