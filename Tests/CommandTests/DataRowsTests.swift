import Formats
import Testing

@Suite struct DataRowsTests {
  @Test func linesBecomeParquetAndLinesAgain() throws {
    let folder = try TemporaryFolder()
    let lines = "{\"q\":\"größe\",\"choices\":[{\"text\":\"a\",\"n\":1}]}\n{\"q\":null,\"choices\":[]}\n"
    try folder.file("in.jsonl", "\u{FEFF}\n" + lines)
    let written = try folder.run("data", "rows", "in.jsonl", "--output", "out.parquet")
    expectSuccess(written)
    #expect(written.output.hasPrefix("out.parquet: 2 rows, "))
    let printed = try folder.run("data", "rows", "out.parquet")
    expectSuccess(printed)
    #expect(printed.output == lines)
    #expect(
      try folder.run("data", "rows", "out.parquet", "--columns", "q", "--limit", "1").output == "{\"q\":\"größe\"}\n")
    let schema = try JSON.parse(try folder.run("data", "rows", "out.parquet", "--schema", "--json").output)
    #expect(schema["rows"] == 2)
    #expect(schema["columns"]?[1]?["type"] == "list of struct of text: string, n: int64")
  }

  @Test func mistakesAreNamed() throws {
    let folder = try TemporaryFolder()
    try folder.file("in.jsonl", "{\"a\":1}\n{\"a\":\"x\"}\n")
    expectFailure(
      try folder.run("data", "rows", "in.jsonl", "--output", "out.parquet"), "in.jsonl, row 1", "\"a\"", "a string")
    #expect(!folder.exists("out.parquet"))
    expectMisuse(try folder.run("data", "rows", "in.jsonl", "--limit=-1"), "--limit")
    expectMisuse(try folder.run("data", "rows", "in.jsonl", "--compression", "brotli"), "brotli")
    try folder.file("x.parquet", "PAR1")
    expectFailure(try folder.run("data", "rows", "x.parquet"), "x.parquet", "PAR1")
  }
}
