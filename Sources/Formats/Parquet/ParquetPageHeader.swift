/// What stands before each page of a column: its kind, its sizes and how its values are written.
struct ParquetPageHeader {
  enum Kind: Int {
    case data = 0
    case index, dictionary, dataV2
  }

  var kind: Kind
  /// Bytes behind the header, and what they become without compression.
  var compressedCount: Int
  var byteCount: Int
  var valueCount = 0
  var encoding = -1
  var definitionEncoding = ParquetEncoding.runLength.rawValue
  var repetitionEncoding = ParquetEncoding.runLength.rawValue
  var definitionBytes = 0
  var repetitionBytes = 0
  var isCompressed = true

  /// Reads a header at the start of `bytes` and tells how long it is.
  static func read(_ bytes: UnsafeRawBufferPointer) throws -> (header: ParquetPageHeader, length: Int) {
    var reader = ThriftReader(bytes)
    var (type, compressed, size) = (-1, -1, -1)
    var header = ParquetPageHeader(kind: .data, compressedCount: 0, byteCount: 0)
    var details: Set<Int> = []
    try reader.structure { reader, number, kind in
      switch number {
      case 1: type = try reader.int32(kind)
      case 2: size = try reader.int32(kind)
      case 3: compressed = try reader.int32(kind)
      case 5, 7, 8:
        guard kind == .structure else { throw ParquetDamage("has a damaged page header") }
        details.insert(number)
        try header.readDetails(&reader, of: number)
      default: try reader.skip(kind)
      }
    }
    guard let kind = Kind(rawValue: type) else { throw ParquetDamage("has a page of the unknown kind \(type)") }
    guard compressed >= 0, size >= 0 else { throw ParquetDamage("has a page without its sizes") }
    let needed: [Kind: Int] = [.data: 5, .dictionary: 7, .dataV2: 8]
    if let number = needed[kind], details != [number] {
      throw ParquetDamage("has a page whose header does not belong to its kind")
    }
    guard header.valueCount >= 0, header.definitionBytes >= 0, header.repetitionBytes >= 0 else {
      throw ParquetDamage("has a page with a negative count")
    }
    (header.kind, header.compressedCount, header.byteCount) = (kind, compressed, size)
    return (header, reader.index)
  }

  private mutating func readDetails(_ reader: inout ThriftReader, of part: Int) throws {
    try reader.structure { reader, number, kind in
      switch (part, number) {
      case (_, 1): valueCount = try reader.int32(kind)
      case (5, 2), (7, 2), (8, 4): encoding = try reader.int32(kind)
      case (5, 3): definitionEncoding = try reader.int32(kind)
      case (5, 4): repetitionEncoding = try reader.int32(kind)
      case (8, 5): definitionBytes = try reader.int32(kind)
      case (8, 6): repetitionBytes = try reader.int32(kind)
      case (8, 7): isCompressed = try reader.bool(kind)
      default: try reader.skip(kind)
      }
    }
  }
}

/// How values are written, by their numbers in parquet.thrift.
enum ParquetEncoding: Int {
  case plain = 0
  case plainDictionary = 2
  case runLength = 3
  case bitPacked = 4
  case deltaIntegers = 5
  case deltaLengths = 6
  case deltaBytes = 7
  case dictionary = 8
  case byteStreamSplit = 9
}
