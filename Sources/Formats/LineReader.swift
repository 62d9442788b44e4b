import Foundation

/// Reads a file line by line, plain or compressed with gzip, holding no more than one line and one piece of it.
///
/// Lines end with a line feed, the last may lack it; a byte order mark before the first is no part of it. One thread at
/// a time may use a reader.
public final class LineReader {
  private enum Source {
    case mapped(MappedFile)
    case gzip(GzipReader)
  }

  private static let pieceSize = 1 << 18
  /// Bytes of a line in a compressed file: a few bytes of gzip may become any number.
  private static let longestLine = 1 << 30

  /// The file's path.
  public let path: String
  /// Number of the line that was last returned, from 1.
  public private(set) var lineNumber = 0
  private let source: Source
  private var buffer: UnsafeMutableRawBufferPointer
  private var start = 0
  private var end = 0
  private var isAtEnd = false

  /// Opens a file.
  /// - Parameter isCompressed: whether it is compressed; by default what its name ends with tells it.
  /// - Throws: `FileError` when it cannot be read.
  public init(_ path: String, isCompressed: Bool? = nil) throws {
    self.path = path
    if isCompressed ?? path.lowercased().hasSuffix(".gz") {
      source = .gzip(try GzipReader(path))
      buffer = .allocate(byteCount: LineReader.pieceSize, alignment: 16)
    } else {
      source = .mapped(try MappedFile(path, advice: .sequential))
      buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }
  }

  deinit { buffer.deallocate() }

  /// Bytes of the file on disk that are read so far.
  public var position: Int {
    switch source {
    case .mapped(let file): min(start, file.bytes.count)
    case .gzip(let reader): reader.position
    }
  }

  /// The next line without its line feed, valid until the next call; `nil` at the end of the file.
  /// - Throws: `FileError` for damaged gzip data or a line in it that is too long.
  public func next() throws -> UnsafeBufferPointer<UInt8>? {
    let line: UnsafeRawBufferPointer?
    switch source {
    case .mapped(let file): line = nextMapped(file)
    case .gzip(let reader): line = try nextCompressed(reader)
    }
    guard var line else { return nil }
    lineNumber += 1
    if lineNumber == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) { line = UnsafeRawBufferPointer(rebasing: line[3...]) }
    return line.bindMemory(to: UInt8.self)
  }

  /// The next line that holds more than spaces, tabs and carriage returns.
  /// - Throws: as ``next()``.
  public func nextNotBlank() throws -> UnsafeBufferPointer<UInt8>? {
    while let line = try next() {
      if !line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { return line }
    }
    return nil
  }

  private func nextMapped(_ file: MappedFile) -> UnsafeRawBufferPointer? {
    guard start < file.bytes.count else { return nil }
    let rest = UnsafeRawBufferPointer(rebasing: file.bytes[start...])
    let length = LineReader.newline(in: rest) ?? rest.count
    start += length + 1
    return UnsafeRawBufferPointer(rebasing: rest[..<length])
  }

  private func nextCompressed(_ reader: GzipReader) throws -> UnsafeRawBufferPointer? {
    var searched = 0
    while true {
      let rest = UnsafeRawBufferPointer(rebasing: buffer[start..<end])
      let found = LineReader.newline(in: UnsafeRawBufferPointer(rebasing: rest[searched...])).map { $0 + searched }
      if found == nil, !isAtEnd {
        searched = rest.count
        try fill(reader)
        continue
      }
      if found == nil, rest.isEmpty { return nil }
      let length = found ?? rest.count
      start = min(end, start + length + 1)
      return UnsafeRawBufferPointer(rebasing: rest[..<length])
    }
  }

  private func fill(_ reader: GzipReader) throws {
    if start > 0 {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
      (start, end) = (0, end - start)
    }
    if buffer.count - end < LineReader.pieceSize / 2 {
      guard end < LineReader.longestLine else {
        throw FileError(path: path, problem: "has more than \(LineReader.longestLine) bytes in line \(lineNumber + 1)")
      }
      let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * buffer.count, alignment: 16)
      larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<end]))
      buffer.deallocate()
      buffer = larger
    }
    let count = try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...]))
    end += count
    isAtEnd = count == 0
  }

  private static func newline(in bytes: UnsafeRawBufferPointer) -> Int? {
    guard let base = bytes.baseAddress, let found = memchr(base, 0x0A, bytes.count) else { return nil }
    return UnsafeRawPointer(found) - base
  }
}
