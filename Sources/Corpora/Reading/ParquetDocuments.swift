import Formats

/// Reads one column of strings of a Parquet file, row by row.
final class ParquetDocuments {
  private let path: String
  private let byteCount: Int
  private let column: String
  private let rowCount: Int
  private let rows: ParquetRows
  private var row = 0

  init(_ file: InputFile, column: String) throws {
    path = file.path
    byteCount = file.byteCount
    self.column = column
    let parquet = try ParquetFile(file.path)
    rowCount = parquet.rowCount
    rows = try parquet.rows(columns: [column])
  }

  /// Bytes of the file that are read so far, as the share of its rows.
  var position: Int { Int(Double(byteCount) * Double(row) / Double(max(1, rowCount))) }

  /// The next row's document; `nil` after the last.
  /// - Throws: `ParquetError` for a damaged file, `CorpusError` where the column holds no string; after the latter the
  ///   rows behind may still be read.
  func next() throws -> Document? {
    guard let members = try rows.next() else { return nil }
    row += 1
    guard let text = members[column]?.stringValue else {
      let kind = members[column]?.kind ?? "missing"
      throw CorpusError("\(path), row \(row)", "has no string in the column \"\(column)\": it is \(kind)")
    }
    return Document(source: path, line: row, content: .bytes(Array(text.utf8)))
  }
}
