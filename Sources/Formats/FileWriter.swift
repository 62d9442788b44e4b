import Foundation

/// Writes a file beside its final path and renames it into place when it is complete.
///
/// Until `commit()` the final path keeps what it had. If the writer is discarded, or dies with an error, the partial
/// file is removed. One thread at a time may use a writer.
public final class FileWriter {
  /// Where the file will stand.
  public let path: String
  /// The partial file.
  public let partialPath: String
  /// Bytes given to the writer so far.
  public private(set) var byteCount = 0

  private var descriptor: Int32
  private var buffer: [UInt8] = []
  private let capacity: Int

  /// Opens a partial file beside `path`.
  /// - Parameter bufferSize: bytes collected before a write to the system.
  /// - Throws: `FileError` when the folder is missing or cannot be written to.
  public init(_ path: String, bufferSize: Int = 1 << 18) throws {
    self.path = path
    capacity = max(1, bufferSize)
    partialPath = "\(path).partial-\(getpid())-\(PartialNames.shared.next())"
    descriptor = open(partialPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw FileError(path: path, action: "cannot be written") }
    buffer.reserveCapacity(capacity)
  }

  deinit { discard() }

  /// Appends bytes.
  /// - Throws: `FileError` naming path, bytes wanted and the system's reason, as when the disk is full.
  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    precondition(descriptor >= 0, "FileWriter: write after commit or discard")
    byteCount += bytes.count
    if buffer.count + bytes.count <= capacity {
      buffer.append(contentsOf: bytes)
      return
    }
    try flush()
    if bytes.count >= capacity {
      try writeOut(bytes)
    } else {
      buffer.append(contentsOf: bytes)
    }
  }

  /// Appends bytes.
  public func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

  /// Appends the UTF-8 of a text.
  public func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
  }

  /// Makes the content durable, renames it to `path` and makes the name durable.
  /// - Throws: `FileError`; then `path` is as it was before.
  public func commit() throws {
    precondition(descriptor >= 0, "FileWriter: commit after commit or discard")
    do {
      try flush()
      if fsync(descriptor) != 0 { throw FileError(path: path, action: "cannot be made durable") }
      let failed = close(descriptor) != 0
      descriptor = -1
      if failed { throw FileError(path: path, action: "cannot be written") }
      if rename(partialPath, path) != 0 { throw FileError(path: path, action: "cannot be put in place") }
    } catch {
      if descriptor >= 0 { close(descriptor) }
      descriptor = -1
      unlink(partialPath)
      throw error
    }
    try Paths.synchronizeFolder(path.parentPath)
  }

  /// Removes the partial file; after `commit()` this does nothing.
  public func discard() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
    unlink(partialPath)
  }

  private func flush() throws {
    try buffer.withUnsafeBytes { try writeOut($0) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func writeOut(_ bytes: UnsafeRawBufferPointer) throws {
    var done = 0
    while done < bytes.count {
      let written = Foundation.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if written < 0 {
        if errno == EINTR { continue }
        let code = errno
        discard()
        throw FileError(
          path: path, action: "cannot be written (\(bytes.count - done) of \(byteCount) bytes were still to come)",
          code: code)
      }
      done += written
    }
  }
}
