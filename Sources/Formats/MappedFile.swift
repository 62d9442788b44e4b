import Foundation

/// A file mapped read-only into memory: its bytes are read from disk when they are touched.
///
/// The file must not shrink while it is mapped; Apus replaces files by renaming, which leaves a mapping intact.
public final class MappedFile: Sendable {
  /// How the pages will be read, a hint to the system.
  public enum Advice: Sendable {
    case normal, sequential, random, willNeed

    var flag: Int32 {
      switch self {
      case .normal: Int32(MADV_NORMAL)
      case .sequential: Int32(MADV_SEQUENTIAL)
      case .random: Int32(MADV_RANDOM)
      case .willNeed: Int32(MADV_WILLNEED)
      }
    }
  }

  /// The file's path as it was given.
  public let path: String
  private nonisolated(unsafe) let base: UnsafeRawPointer?
  private let count: Int

  /// The whole content; empty for an empty file. Valid as long as this object lives.
  public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// Maps a file.
  /// - Throws: `FileError` when it is missing, unreadable or a folder.
  public init(_ path: String, advice: Advice = .normal) throws {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, action: "cannot be opened") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path: path, action: "cannot be read") }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw FileError(path: path, problem: "is not a regular file")
    }
    count = Int(status.st_size)
    guard count > 0 else {
      base = nil
      return
    }
    guard let address = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), address != MAP_FAILED else {
      throw FileError(path: path, action: "cannot be mapped into memory")
    }
    base = UnsafeRawPointer(address)
    advise(advice)
  }

  deinit {
    if let base { munmap(UnsafeMutableRawPointer(mutating: base), count) }
  }

  /// Tells the system how the pages will be read; it may ignore this.
  public func advise(_ advice: Advice) {
    if let base { _ = madvise(UnsafeMutableRawPointer(mutating: base), count, advice.flag) }
  }

  /// Lets go of the memory that some of the content has taken; it is read again when it is touched.
  public func release(_ bytes: UnsafeRawBufferPointer) {
    guard let base, let start = bytes.baseAddress, start >= base, start + bytes.count <= base + count else { return }
    let page = sysconf(Int32(_SC_PAGESIZE))
    let low = (start - base) / page * page
    _ = madvise(UnsafeMutableRawPointer(mutating: base + low), start + bytes.count - (base + low), MADV_DONTNEED)
  }

  /// Runs `body` on the content as bytes; the mapping lives until it returns.
  public func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(self) { try body(bytes.bindMemory(to: UInt8.self)) }
  }
}
