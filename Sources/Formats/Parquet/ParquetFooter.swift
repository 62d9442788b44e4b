import OrderedCollections

/// What the end of a Parquet file tells: its schema, its row groups and where their columns lie.
///
/// Source: apache/parquet-format, parquet.thrift; the numbers are those of its fields.
struct ParquetFooter {
  /// One element of the schema, which lists its tree from the root down, children after their parent.
  struct Element {
    var name = ""
    var type: Int?
    var length: Int?
    var repetition = 0
    var children: Int?
    var converted: Int?
    /// The number of the member of the union `LogicalType`.
    var logical: Int?
    /// Bits and sign of the logical type INTEGER.
    var isSigned: Bool?
  }

  /// One column of one row group.
  struct Chunk {
    var type = -1
    var codec = -1
    var valueCount: Int64 = -1
    var byteCount: Int64 = -1
    var dataOffset: Int64 = -1
    var dictionaryOffset: Int64?
  }

  struct Group {
    var rowCount: Int64 = -1
    var chunks: [Chunk] = []
  }

  var elements: [Element] = []
  var rowCount: Int64 = -1
  var groups: [Group] = []
  var metadata: OrderedDictionary<String, String> = [:]
  var createdBy: String?

  init(_ bytes: UnsafeRawBufferPointer) throws {
    var reader = ThriftReader(bytes)
    try reader.structure { reader, number, kind in
      switch number {
      case 2: try reader.list(kind) { reader, kind in elements.append(try Self.element(&reader, kind)) }
      case 3: rowCount = try reader.integer(kind)
      case 4: try reader.list(kind) { reader, kind in groups.append(try Self.group(&reader, kind)) }
      case 5:
        try reader.list(kind) { reader, kind in
          let (key, value) = try Self.keyValue(&reader, kind)
          metadata[key] = value
        }
      case 6: createdBy = try reader.text(kind)
      default: try reader.skip(kind)
      }
    }
    guard !elements.isEmpty else { throw ParquetDamage("has no schema") }
    guard rowCount >= 0 else { throw ParquetDamage("has no count of rows") }
  }

  private static func require(_ kind: ThriftReader.Kind) throws {
    guard kind == .structure else {
      throw ParquetDamage("holds a value of the kind \"\(kind)\" where a structure is needed")
    }
  }

  private static func element(_ reader: inout ThriftReader, _ kind: ThriftReader.Kind) throws -> Element {
    try require(kind)
    var element = Element()
    var hasName = false
    try reader.structure { reader, number, kind in
      switch number {
      case 1: element.type = try reader.int32(kind)
      case 2: element.length = try reader.int32(kind)
      case 3: element.repetition = try reader.int32(kind)
      case 4:
        element.name = try reader.text(kind)
        hasName = true
      case 5: element.children = try reader.int32(kind)
      case 6: element.converted = try reader.int32(kind)
      case 10:
        try require(kind)
        try reader.structure { reader, number, kind in
          element.logical = number
          guard number == 10, kind == .structure else { return try reader.skip(kind) }
          try reader.structure { reader, number, kind in
            if number == 2 { element.isSigned = try reader.bool(kind) } else { try reader.skip(kind) }
          }
        }
      default: try reader.skip(kind)
      }
    }
    guard hasName else { throw ParquetDamage("has a part of the schema without a name") }
    return element
  }

  private static func group(_ reader: inout ThriftReader, _ kind: ThriftReader.Kind) throws -> Group {
    try require(kind)
    var group = Group()
    try reader.structure { reader, number, kind in
      switch number {
      case 1: try reader.list(kind) { reader, kind in group.chunks.append(try chunk(&reader, kind)) }
      case 3: group.rowCount = try reader.integer(kind)
      default: try reader.skip(kind)
      }
    }
    guard group.rowCount >= 0 else { throw ParquetDamage("has a row group without a count of rows") }
    return group
  }

  private static func chunk(_ reader: inout ThriftReader, _ kind: ThriftReader.Kind) throws -> Chunk {
    try require(kind)
    var chunk = Chunk()
    try reader.structure { reader, number, kind in
      switch number {
      case 1:
        let other = try reader.text(kind)
        throw ParquetDamage("keeps a column in another file, \"\(other)\", which is not read here")
      case 3:
        try require(kind)
        try reader.structure { reader, number, kind in
          switch number {
          case 1: chunk.type = try reader.int32(kind)
          case 4: chunk.codec = try reader.int32(kind)
          case 5: chunk.valueCount = try reader.integer(kind)
          case 7: chunk.byteCount = try reader.integer(kind)
          case 9: chunk.dataOffset = try reader.integer(kind)
          case 11: chunk.dictionaryOffset = try reader.integer(kind)
          default: try reader.skip(kind)
          }
        }
      case 8, 9: throw ParquetDamage("has encrypted columns, which are not read here")
      default: try reader.skip(kind)
      }
    }
    guard chunk.type >= 0, chunk.codec >= 0, chunk.valueCount >= 0, chunk.byteCount >= 0, chunk.dataOffset >= 0 else {
      throw ParquetDamage("has a column of a row group without its type, codec, count, size or place")
    }
    return chunk
  }

  private static func keyValue(_ reader: inout ThriftReader, _ kind: ThriftReader.Kind) throws -> (String, String) {
    try require(kind)
    var pair = ("", "")
    try reader.structure { reader, number, kind in
      switch number {
      case 1: pair.0 = try reader.text(kind)
      case 2: pair.1 = try reader.text(kind)
      default: try reader.skip(kind)
      }
    }
    return pair
  }
}
