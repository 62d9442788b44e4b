import ArgumentParser
import Formats
import Reporting

/// `apus data rows`: the rows of a Parquet file as JSON lines.
struct DataRowsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rows",
    abstract: "Print the rows of a Parquet file as JSON lines, or its columns.",
    discussion: """
      Reads row by row, so files may be larger than memory. --columns takes only some columns and touches no others.

      Examples:
        apus data rows test.parquet --limit 3
        apus data rows test.parquet --columns question answer > questions.jsonl
        apus data rows test.parquet --schema
      """)

  @Argument(help: "The Parquet file.")
  var file: String

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Columns to print.", valueName: "name"))
  var columns: [String] = []

  @Option(help: "How many rows to print.")
  var limit: Int?

  @Flag(help: "Print columns with their types and the count of rows instead.")
  var schema = false

  @Flag(help: "Print the columns as JSON, with --schema.")
  var json = false

  func validate() throws {
    if let limit, limit < 0 { throw ValidationError("--limit is \(limit); it must be 0 or more.") }
    if json, !schema { throw ValidationError("--json goes with --schema; rows are JSON lines in any case.") }
  }

  func run() throws {
    let parquet = try ParquetFile(file)
    if schema {
      printSchema(parquet)
      return
    }
    let rows = try parquet.rows(columns: columns.isEmpty ? nil : columns)
    var left = limit ?? .max
    while left > 0, let row = try rows.next() {
      print(row.serializedString())
      left -= 1
    }
  }

  private func printSchema(_ parquet: ParquetFile) {
    if json {
      let columns = parquet.columns.map { column -> JSON in
        ["name": .string(column.name), "type": .string(column.type), "optional": .bool(column.isOptional)]
      }
      let object: JSON = [
        "rows": JSON(parquet.rowCount), "row_groups": JSON(parquet.groupCount), "columns": .array(columns),
      ]
      print(object.serializedString(pretty: true))
      return
    }
    print("\(Quantity.counted(parquet.rowCount, "row")) in \(Quantity.counted(parquet.groupCount, "row group"))")
    for column in parquet.columns { print("  \(column.name): \(column.type)\(column.isOptional ? "" : ", never null")") }
  }
}
