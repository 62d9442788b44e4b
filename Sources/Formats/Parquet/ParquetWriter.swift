public import OrderedCollections

/// Writes a Parquet file row by row, in row groups, beside its place; it appears there when it is complete.
///
/// Objects are structures, arrays lists of three levels, all of it optional. Strings go through a dictionary where that
/// is shorter. The same rows give the same bytes. One thread at a time may use a writer.
public final class ParquetWriter {
  /// Values of a row group may take this many bytes in memory before it is written.
  private static let groupByteLimit = 1 << 26

  /// The file's path.
  public let path: String
  /// Rows given so far.
  public private(set) var rowCount = 0
  private let schema: ParquetSchema
  private let compression: ParquetCompression
  private let rowsPerGroup: Int
  private let metadata: OrderedDictionary<String, String>
  private let writer: FileWriter
  private var shredder: ParquetShredder
  private var rowsInGroup = 0
  private var groups: [ParquetGroupRecord] = []

  /// Opens a partial file beside `path`.
  /// - Parameters:
  ///   - schema: the columns; `ParquetSchema(of:)` finds those of given rows.
  ///   - rowsPerGroup: the most rows of a row group.
  ///   - metadata: notes for the footer.
  /// - Throws: `FileError` when the file cannot be written, `ParquetError` for a schema that Parquet has no form for or
  ///   a compression whose library is missing.
  public init(
    _ path: String, schema: ParquetSchema, compression: ParquetCompression = .snappy, rowsPerGroup: Int = 1 << 17,
    metadata: OrderedDictionary<String, String> = [:]
  ) throws {
    self.path = path
    self.schema = schema
    self.compression = compression
    self.rowsPerGroup = max(1, rowsPerGroup)
    self.metadata = metadata
    do {
      // A library that is missing is better noticed before the work than after.
      _ = try compression.compress([0])
      shredder = try ParquetShredder(schema)
    } catch let damage as ParquetDamage {
      throw ParquetError(path: path, problem: "the file \(damage.problem)")
    }
    writer = try FileWriter(path)
    try writer.write(ParquetFile.magic)
  }

  /// Appends a row, an object whose missing members are `null`.
  /// - Throws: `ParquetError` naming the row when it does not fit the schema; then the writer is of no more use.
  ///   `FileError` when the disk refuses.
  public func append(_ row: JSON) throws {
    do {
      try shredder.append(row)
    } catch let damage as ParquetDamage {
      throw ParquetError(path: path, problem: "row \(rowCount) \(damage.problem)")
    }
    rowCount += 1
    rowsInGroup += 1
    let bytes = rowsInGroup % 64 == 0 ? shredder.columns.reduce(0) { $0 + $1.byteCount } : 0
    if rowsInGroup == rowsPerGroup || bytes > Self.groupByteLimit { try flush() }
  }

  /// Writes what is left and the footer, and puts the file in place.
  /// - Throws: `FileError`; then `path` is as it was before.
  public func commit() throws {
    if rowsInGroup > 0 { try flush() }
    let footer = ParquetFooterWriter(
      schema: schema, columns: shredder.columns, groups: groups, compression: compression, metadata: metadata)
    let bytes = footer.bytes(rowCount: rowCount)
    try writer.write(bytes)
    try withUnsafeBytes(of: UInt32(bytes.count).littleEndian) { try writer.write($0) }
    try writer.write(ParquetFile.magic)
    try writer.commit()
  }

  /// Gives the file up; what stood at its path stays.
  public func discard() { writer.discard() }

  /// Writes a whole file, in the schema that holds all rows.
  /// - Throws: as `init`, `append` and `commit` do; then `path` is as it was before.
  public static func write(
    _ rows: [JSON], to path: String, compression: ParquetCompression = .snappy,
    metadata: OrderedDictionary<String, String> = [:]
  ) throws {
    let schema = try ParquetSchema(of: rows)
    let writer = try ParquetWriter(path, schema: schema, compression: compression, metadata: metadata)
    for row in rows { try writer.append(row) }
    try writer.commit()
  }

  private func flush() throws {
    var group = ParquetGroupRecord(rowCount: rowsInGroup)
    for place in shredder.columns.indices {
      do {
        let chunk = ParquetChunkWriter(shredder.columns[place], compression)
        group.chunks.append(try chunk.write(to: writer))
      } catch let damage as ParquetDamage {
        throw ParquetError(
          path: path, column: shredder.columns[place].path.joined(separator: "."), problem: damage.problem)
      }
      shredder.columns[place].removeAll()
    }
    groups.append(group)
    rowsInGroup = 0
  }
}
