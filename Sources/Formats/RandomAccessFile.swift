import Foundation

/// A file of which pieces are read wherever they lie, from any number of threads. Nothing of it stays in the process's
/// memory, unlike the pages of a ``MappedFile`` that have been touched.
public final class RandomAccessFile: Sendable {
  /// The file's path as it was given.
  public let path: String
  /// Its size when it was opened.
  public let byteCount: Int
  private let descriptor: Int32

  /// Opens a file.
  /// - Throws: `FileError` when it is missing, unreadable or no regular file.
  public init(_ path: String) throws {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, action: "cannot be opened") }
    var status = stat()
    let found = fstat(descriptor, &status)
    byteCount = Int(status.st_size)
    guard found == 0, status.st_mode & S_IFMT == S_IFREG else {
      let code = errno
      close(descriptor)
      throw found == 0
        ? FileError(path: path, problem: "is not a regular file")
        : FileError(path: path, action: "cannot be read", code: code)
    }
    // Neighbours of what is read are not read ahead: the next piece lies elsewhere.
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_RANDOM)
  }

  deinit { close(descriptor) }

  /// Fills `buffer` with the bytes from `offset` on.
  /// - Throws: `FileError` when they cannot be read, or the file ends before.
  public func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) {
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw FileError(path: path, action: "cannot be read at byte \(offset + done)") }
      guard count > 0 else {
        throw FileError(
          path: path, problem: "ends at byte \(offset + done) of \(byteCount): it was cut short while it was in use")
      }
      done += count
    }
  }
}
