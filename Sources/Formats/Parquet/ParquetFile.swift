public import OrderedCollections

/// A Parquet file, mapped, its footer read and checked. Format: apache/parquet-format.
///
/// Read are pages of both versions; the encodings plain, dictionary, run lengths, deltas and split streams of bytes;
/// snappy, gzip (needs libz) and zstd (needs libzstd). Values become ``JSON``: whole numbers of 64 bits, floats, strings
/// and booleans as they are; decimals, dates and times as the whole numbers that they are written as (timestamps of 96
/// bits as nanoseconds since 1970); unsigned numbers and decimals beyond `Int64` as the nearest `Double`; bytes that are
/// not called text as a string where they are UTF-8 and as an array of numbers where not; lists as arrays; structures as
/// objects; maps as arrays of objects with key and value.
public final class ParquetFile: Sendable {
  /// A column at the top of the schema.
  public struct Column: Sendable, Equatable {
    /// Its name.
    public let name: String
    /// Its type in words, as in "string", "list of int64", "struct of label: string, text: string".
    public let type: String
    /// Whether it may be `null`.
    public let isOptional: Bool
  }

  /// The file's path as it was given.
  public let path: String
  /// Rows of all row groups.
  public let rowCount: Int
  /// The file's own notes, by key.
  public let metadata: OrderedDictionary<String, String>
  /// The program that wrote the file.
  public let createdBy: String?
  let leaves: [ParquetLeaf]
  private let columnNodes: [ParquetNode]
  private let groups: [ParquetFooter.Group]
  private let file: MappedFile
  /// Where the footer begins.
  private let footerStart: Int

  /// Maps a file and reads its footer; of the values nothing is read.
  /// - Throws: `FileError` when it cannot be read, `ParquetError` when it is no Parquet file, damaged or encrypted.
  public init(_ path: String) throws {
    self.path = path
    let file = try MappedFile(path)
    self.file = file
    do {
      let bytes = file.bytes
      let start = try Self.footerStart(bytes)
      let footer = try withExtendedLifetime(file) {
        try ParquetFooter(UnsafeRawBufferPointer(rebasing: bytes[start..<bytes.count - 8]))
      }
      footerStart = start
      (columnNodes, leaves) = try ParquetSchemaBuilder.build(footer.elements)
      try Self.check(footer, leaves)
      groups = footer.groups
      rowCount = Int(footer.rowCount)
      metadata = footer.metadata
      createdBy = footer.createdBy
    } catch let damage as ParquetDamage {
      throw ParquetError(path: path, problem: "the file \(damage.problem)")
    }
  }

  /// The columns at the top of the schema.
  public var columns: [Column] {
    columnNodes.map { Column(name: $0.name, type: $0.typeName, isOptional: $0.isOptional) }
  }

  /// Row groups, the pieces that are read one after the other.
  public var groupCount: Int { groups.count }

  /// Rows of a row group.
  public func rowCount(ofGroup group: Int) -> Int { Int(groups[group].rowCount) }

  /// Reads rows one by one.
  /// - Parameters:
  ///   - columns: names of the columns that are wanted; `nil` takes all. Others are not touched.
  ///   - groups: the row groups to read; `nil` takes all.
  /// - Throws: `ParquetError` when a name is unknown.
  public func rows(columns: [String]? = nil, groups: Range<Int>? = nil) throws -> ParquetRows {
    var nodes = columnNodes
    if let columns {
      let known = Set(columnNodes.map(\.name))
      if let unknown = columns.first(where: { !known.contains($0) }) {
        let names = columnNodes.map(\.name).joined(separator: ", ")
        throw ParquetError(path: path, column: unknown, problem: "is not in the file; it has \(names)")
      }
      let wanted = Set(columns)
      nodes.removeAll { !wanted.contains($0.name) }
    }
    let template = OrderedDictionary(uniqueKeysWithValues: nodes.map { ($0.name, JSON.null) })
    let root = ParquetNode(
      name: "", isOptional: false, definition: 0, content: .structure(nodes, template), leaves: 0..<leaves.count)
    let range = groups ?? 0..<groupCount
    precondition(range.lowerBound >= 0 && range.upperBound <= groupCount, "ParquetFile: row groups outside the file")
    return ParquetRows(self, root, groups: range)
  }

  /// Reads a whole file.
  /// - Throws: as `init` and `ParquetRows.next` do.
  public static func rows(ofFile path: String, columns: [String]? = nil) throws -> [JSON] {
    let rows = try ParquetFile(path).rows(columns: columns)
    var result: [JSON] = []
    while let row = try rows.next() { result.append(row) }
    return result
  }

  /// The pages of a column of a row group.
  func pages(_ leaf: Int, ofGroup group: Int) throws -> ParquetPages {
    try ParquetPages(
      groups[group].chunks[leaf], leaves[leaf], file,
      bytes: UnsafeRawBufferPointer(rebasing: file.bytes[..<footerStart]))
  }

  /// The error with file and column, where it is about bytes.
  func located(_ error: any Error, leaf: Int) -> any Error {
    guard let damage = error as? ParquetDamage else { return error }
    return ParquetError(path: path, column: leaves[leaf].path, problem: damage.problem)
  }

  /// What stands at both ends of a file.
  static let magic = "PAR1"

  /// The last eight bytes are the footer's length and "PAR1".
  private static func footerStart(_ bytes: UnsafeRawBufferPointer) throws -> Int {
    guard bytes.count >= 12, ["PAR1", "PARE"].contains(where: { bytes.prefix(4).elementsEqual($0.utf8) }) else {
      throw ParquetDamage("is not a Parquet file: it does not begin with PAR1")
    }
    if bytes.suffix(4).elementsEqual("PARE".utf8) {
      throw ParquetDamage("has an encrypted footer, which is not read here")
    }
    guard bytes.suffix(4).elementsEqual(magic.utf8) else {
      throw ParquetDamage("is cut short: it does not end with PAR1")
    }
    let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt32.self)))
    guard length <= bytes.count - 12 else {
      throw ParquetDamage("claims a footer of \(length) bytes, but has only \(bytes.count)")
    }
    return bytes.count - 8 - length
  }

  private static func check(_ footer: ParquetFooter, _ leaves: [ParquetLeaf]) throws {
    var rows: Int64 = 0
    for (number, group) in footer.groups.enumerated() {
      guard group.chunks.count == leaves.count else {
        throw ParquetDamage(
          "has \(group.chunks.count) columns in row group \(number) where its schema has \(leaves.count)")
      }
      for (chunk, leaf) in zip(group.chunks, leaves) {
        guard chunk.type == leaf.type.number else {
          throw ParquetDamage(
            "has the column \"\(leaf.path)\" in another type in row group \(number) than in its schema")
        }
        guard leaf.repetition > 0 ? chunk.valueCount >= group.rowCount : chunk.valueCount == group.rowCount else {
          throw ParquetDamage(
            "has \(chunk.valueCount) values of the column \"\(leaf.path)\" in row group \(number) of \(group.rowCount) rows"
          )
        }
      }
      let (sum, overflowed) = rows.addingReportingOverflow(group.rowCount)
      guard !overflowed else { throw ParquetDamage("has an impossible count of rows") }
      rows = sum
    }
    guard rows == footer.rowCount else {
      throw ParquetDamage("claims \(footer.rowCount) rows, but its row groups have \(rows)")
    }
  }
}
