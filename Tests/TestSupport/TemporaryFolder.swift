import Formats
import Foundation

/// A folder that goes away with the test that made it.
public final class TemporaryFolder {
  /// Its path.
  public let path: String

  public init() throws {
    path = FileManager.default.temporaryDirectory.path.appendingPath("apus-test-\(UUID().uuidString)")
    try Paths.createFolder(path)
  }

  deinit { try? Paths.remove(path) }

  /// Writes a file, and the folders it stands in, and returns its path.
  @discardableResult
  public func file(_ name: String, _ bytes: [UInt8] = []) throws -> String {
    let path = path.appendingPath(name)
    try Paths.createFolder(path.parentPath)
    try AtomicFile.write(bytes, to: path)
    return path
  }

  /// Writes a file of text.
  @discardableResult
  public func file(_ name: String, _ text: String) throws -> String { try file(name, Array(text.utf8)) }

  /// What stands in the folder.
  public func names() throws -> [String] { try Paths.names(inFolder: path) }
}

/// The bytes of a file.
public func contents(_ path: String) throws -> [UInt8] {
  try MappedFile(path).withBytes { Array($0) }
}

/// The sentence of the error that `body` throws.
public func sentence(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "nothing was thrown"
  } catch {
    return "\(error)"
  }
}
