import Formats
import OrderedCollections
import TestSupport
import Testing

@Suite struct ParquetWriterTests {
  private func roundTrip(_ rows: [JSON], _ compression: ParquetCompression = .snappy) throws -> [JSON] {
    let folder = try TemporaryFolder()
    let path = folder.path.appendingPath("x.parquet")
    try ParquetWriter.write(rows, to: path, compression: compression, metadata: ["note": "größe"])
    #expect(try Paths.names(inFolder: folder.path) == ["x.parquet"])
    #expect(try ParquetFile(path).metadata == ["note": "größe"])
    return try ParquetFile.rows(ofFile: path)
  }

  @Test(arguments: ["nested", "encodings"])
  func goldenRowsComeBack(_ name: String) throws {
    let rows = try goldenRows(name)
    for compression in ParquetCompression.allCases where compression != .zstd || hasZstandard {
      #expect(try roundTrip(rows, compression) == rows)
    }
  }

  @Test func missingMembersAreNullAndNumbersWiden() throws {
    let rows: [JSON] = [
      ["a": 1, "b": [["x": 1], ["y": [nil, 2.5]], nil], "c": nil],
      ["a": 0.5, "b": []],
      ["d": "e\u{301}", "b": nil], ["d": "é"], [:],
    ]
    let wanted: [JSON] = [
      ["a": 1.0, "b": [["x": 1, "y": nil], ["x": nil, "y": [nil, 2.5]], nil], "c": nil, "d": nil],
      ["a": 0.5, "b": [], "c": nil, "d": nil], ["a": nil, "b": nil, "c": nil, "d": "e\u{301}"],
      ["a": nil, "b": nil, "c": nil, "d": "é"], ["a": nil, "b": nil, "c": nil, "d": nil],
    ]
    let read = try roundTrip(rows)
    #expect(read == wanted)
    // Strings that are equal to Swift stay the bytes that they were.
    #expect(read[2]["d"]?.stringValue?.utf8.count == 3 && read[3]["d"]?.stringValue?.utf8.count == 2)
  }

  @Test func emptyFilesAndFilesWithoutColumns() throws {
    #expect(try roundTrip([]) == [])
    #expect(try roundTrip([[:], [:]]) == [[:], [:]])
    let folder = try TemporaryFolder()
    let path = folder.path.appendingPath("x.parquet")
    try ParquetWriter(path, schema: ParquetSchema(["a": .list(.string)])).commit()
    #expect(try ParquetFile(path).columns.map(\.type) == ["list of string"])
    #expect(try ParquetFile.rows(ofFile: path).isEmpty)
  }

  /// Runs of every length, packed groups between them, widths that cross bytes, pages and row groups.
  @Test(arguments: [1, 7, 4096, 1 << 17]) func manyRowsComeBack(_ rowsPerGroup: Int) throws {
    var random = SeededGenerator(state: 9)
    var rows: [JSON] = []
    while rows.count < 6000 {
      let length = Int.random(in: 1...30, using: &random)
      let value = Int.random(in: 0...40, using: &random)
      for k in 0..<length {
        let list = (0..<Int.random(in: 0...3, using: &random)).map { JSON($0) }
        rows.append([
          "run": .string("value \(value)"), "flag": .bool(value > 20), "odd": value % 3 == 0 ? nil : JSON(k),
          "list": value % 5 == 0 ? nil : .array(list),
          "text": .string(String(repeating: "text \(k) ", count: value * 4)),
        ])
      }
    }
    let folder = try TemporaryFolder()
    let path = folder.path.appendingPath("x.parquet")
    let writer = try ParquetWriter(path, schema: ParquetSchema(of: rows), rowsPerGroup: rowsPerGroup)
    for row in rows { try writer.append(row) }
    try writer.commit()
    let file = try ParquetFile(path)
    #expect(file.groupCount == (rows.count + rowsPerGroup - 1) / rowsPerGroup)
    #expect(try ParquetFile.rows(ofFile: path) == rows)
  }

  @Test func mistakesAreNamed() throws {
    let folder = try TemporaryFolder()
    let path = folder.path.appendingPath("x.parquet")
    #expect(
      sentence { try ParquetWriter.write([["a": [1]], ["a": ["x"]]], to: path) }
        == "row 1: the column \"a[]\" is a string where earlier rows have a whole number")
    #expect(sentence { try ParquetWriter.write([3], to: path) }.contains("row 0: the row is a whole number"))
    #expect(sentence { try ParquetWriter.write([["a": [:]]], to: path) }.contains("its objects have no members"))
    func append(_ row: JSON) throws -> String {
      let writer = try ParquetWriter(path, schema: ParquetSchema(["a": .list(.structure(["b": .int64]))]))
      return sentence { try writer.append(row) }
    }
    #expect(
      try append(["a": [["b": "x"]]])
        == "\(path): row 0 has a string in the column \"a.list.element.b\", where its schema has a whole number")
    #expect(
      try append(["a": 3]).hasSuffix(
        "has a whole number in the column \"a.list.element.b\", where its schema has a list"))
    #expect(try append(["c": 3]).hasSuffix("has the member \"c\", which its schema does not have"))
    #expect(try Paths.names(inFolder: folder.path).isEmpty)
  }
}
