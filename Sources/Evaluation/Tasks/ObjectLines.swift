import Formats

/// The objects of a file of JSON lines.
enum ObjectLines {
  /// An object and the number of its line, from 1.
  struct Line {
    let row: JSON
    let number: Int
  }

  /// All objects of a file, plain or compressed with gzip; blank lines are passed over.
  /// - Throws: a sentence naming file and line where one is damaged or holds something else.
  static func read(_ path: String) throws -> [Line] {
    let rows = try JSONRows(path)
    var lines: [Line] = []
    while let row = try rows.next() {
      guard row.objectValue != nil else {
        throw EvaluationError("\(path), line \(rows.lineNumber),", "is \(row.kind); every line must be an object")
      }
      lines.append(Line(row: row, number: rows.lineNumber))
    }
    return lines
  }
}
