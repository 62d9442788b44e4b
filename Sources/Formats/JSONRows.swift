import Foundation

/// Reads a file of JSON lines value by value. Blank lines are passed over.
///
/// One thread at a time may use a reader.
public final class JSONRows {
  /// The file's path.
  public let path: String
  /// Number of the line that was last read, from 1.
  public private(set) var lineNumber = 0
  private let file: MappedFile
  private var index = 0

  /// Opens a file.
  /// - Throws: `FileError` when it cannot be read.
  public init(_ path: String) throws {
    self.path = path
    file = try MappedFile(path, advice: .sequential)
  }

  /// The value of the next line; `nil` after the last.
  /// - Throws: `JSONError` naming file and line when the line is no JSON.
  public func next() throws -> JSON? {
    try file.withBytes { bytes in
      while index < bytes.count, let base = bytes.baseAddress {
        let left = bytes.count - index
        let newline = memchr(base + index, 0x0A, left).map { UnsafeRawPointer($0) - UnsafeRawPointer(base + index) }
        let line = UnsafeBufferPointer(rebasing: bytes[index..<index + (newline ?? left)])
        index += line.count + 1
        lineNumber += 1
        var scanner = JSONScanner(line, name: path, firstLine: lineNumber)
        if lineNumber == 1 { scanner.skipByteOrderMark() }
        scanner.skipWhitespace()
        if scanner.peek == nil { continue }
        let value = try scanner.takeValue(depth: 0)
        try scanner.finish()
        return value
      }
      return nil
    }
  }
}
