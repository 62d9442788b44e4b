/// Reads a file of JSON lines, plain or compressed with gzip, value by value. Blank lines are passed over.
///
/// One thread at a time may use a reader.
public final class JSONRows {
  private let lines: LineReader

  /// Opens a file.
  /// - Throws: `FileError` when it cannot be read.
  public init(_ path: String) throws { lines = try LineReader(path) }

  /// The file's path.
  public var path: String { lines.path }
  /// Number of the line that was last read, from 1.
  public var lineNumber: Int { lines.lineNumber }

  /// The value of the next line; `nil` after the last.
  /// - Throws: `JSONError` naming file and line when the line is no JSON, `FileError` for damaged gzip data.
  public func next() throws -> JSON? {
    guard let line = try lines.nextNotBlank() else { return nil }
    var scanner = JSONScanner(line, name: path, firstLine: lineNumber)
    scanner.skipWhitespace()
    let value = try scanner.takeValue(depth: 0)
    try scanner.finish()
    return value
  }
}
