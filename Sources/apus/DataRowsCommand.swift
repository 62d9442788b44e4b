import ArgumentParser
import Formats
import Reporting

/// `apus data rows`: Parquet to JSON lines and back.
struct DataRowsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rows",
    abstract: "Print the rows of a Parquet file as JSON lines, or write JSON lines as Parquet.",
    discussion: """
      Goes row by row, so files may be larger than memory. --columns takes some columns and touches no others. \
      With --output the rows are written as a Parquet file; its types are those that hold all rows.

      Examples:
        apus data rows test.parquet --limit 3
        apus data rows test.parquet --columns question answer > questions.jsonl
        apus data rows test.parquet --schema
        apus data rows questions.jsonl --output questions.parquet
      """)

  @Argument(help: "A Parquet file, or a file of JSON lines.")
  var file: String

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Columns to take.", valueName: "name"))
  var columns: [String] = []

  @Option(help: "How many rows to take.")
  var limit: Int?

  @Option(help: "The Parquet file to write.")
  var output: String?

  @Option(help: "Compression of that file: none, snappy, gzip or zstd.")
  var compression = ParquetCompression.snappy

  @Flag(help: "Print columns with their types and the count of rows.")
  var schema = false

  @Flag(help: "Print them as JSON.")
  var json = false

  func validate() throws {
    if let limit, limit < 0 { throw ValidationError("--limit is \(limit); it must be 0 or more.") }
    if json, !schema { throw ValidationError("--json goes with --schema; rows are JSON lines in any case.") }
    if schema, output != nil { throw ValidationError("--schema prints and --output writes; give one of them.") }
  }

  private var isParquet: Bool { file.lowercased().hasSuffix(".parquet") }

  func run() throws {
    if schema {
      printSchema(try ParquetFile(file))
      return
    }
    guard let output else {
      try forEachRow { row, _ in print(row.serializedString()) }
      return
    }
    // The types are known only after the last row, so the rows are read twice.
    var found = ParquetSchema()
    try forEachRow { row, number in try found.include(row, name: "\(file), row \(number)") }
    let progress = ProgressLine("writing", total: nil, unit: "rows")
    let writer = try ParquetWriter(output, schema: found, compression: compression)
    try forEachRow { row, number in
      try writer.append(row)
      if number % 1024 == 0 { progress.update(number) }
    }
    try writer.commit()
    progress.finish()
    let size = Quantity.bytes(try Paths.size(ofFile: output))
    print("\(output): \(Quantity.counted(writer.rowCount, "row")), \(size)")
  }

  private func forEachRow(_ body: (JSON, Int) throws -> Void) throws {
    let next: () throws -> JSON?
    if isParquet {
      let rows = try ParquetFile(file).rows(columns: columns.isEmpty ? nil : columns)
      next = { try rows.next() }
    } else {
      let rows = try JSONRows(file)
      next = { try rows.next().map(chosen) }
    }
    var number = 0
    while number < limit ?? .max, let row = try next() {
      try body(row, number)
      number += 1
    }
  }

  private func chosen(_ row: JSON) -> JSON {
    guard !columns.isEmpty, let members = row.objectValue else { return row }
    return .object(members.filter { columns.contains($0.key) })
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
    for column in parquet.columns {
      print("  \(column.name): \(column.type)\(column.isOptional ? "" : ", never null")")
    }
  }
}

extension ParquetCompression: ExpressibleByArgument {}
