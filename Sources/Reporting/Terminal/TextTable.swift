/// A table of text with aligned columns for terminals.
public struct TextTable: Sendable {
  /// Which side a column's text keeps to.
  public enum Alignment: Sendable { case left, right }

  private var alignments: [Alignment]
  private var rows: [[String]] = []
  private var ruled: Set<Int> = []

  /// Creates a table with one alignment a column.
  public init(_ alignments: [Alignment]) { self.alignments = alignments }

  /// Adds a row; missing cells are empty, surplus ones are left out.
  public mutating func add(_ cells: String...) { add(cells) }

  /// Adds a row; missing cells are empty, surplus ones are left out.
  public mutating func add(_ cells: [String]) {
    rows.append((0..<alignments.count).map { cells.indices.contains($0) ? cells[$0] : "" })
  }

  /// Draws a line above the next row.
  public mutating func rule() { ruled.insert(rows.count) }

  /// The table, each line ending in a newline, without trailing spaces.
  public var text: String {
    let widths = alignments.indices.map { column in rows.map { Self.width($0[column]) }.max() ?? 0 }
    var out = ""
    for (index, row) in rows.enumerated() {
      if ruled.contains(index) { out += String(repeating: "─", count: widths.reduce(-2) { $0 + $1 + 2 }) + "\n" }
      var line = ""
      for (column, cell) in row.enumerated() {
        let space = String(repeating: " ", count: widths[column] - Self.width(cell))
        line += (column == 0 ? "" : "  ") + (alignments[column] == .left ? cell + space : space + cell)
      }
      while line.last == " " { line.removeLast() }
      out += line + "\n"
    }
    return out
  }

  private static func width(_ cell: String) -> Int { cell.unicodeScalars.count }
}
