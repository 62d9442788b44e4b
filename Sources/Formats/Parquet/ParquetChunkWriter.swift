/// What the footer tells of a row group that has been written.
struct ParquetGroupRecord {
  /// What it tells of one of its columns.
  struct Chunk {
    var valueCount: Int
    var hasDictionary: Bool
    var dictionaryOffset = 0
    var dataOffset = 0
    var byteCount = 0
    var plainByteCount = 0
  }

  var rowCount: Int
  var chunks: [Chunk] = []
}

/// Writes one column of a row group as pages.
struct ParquetChunkWriter {
  /// Values of a page take about this many bytes before compression.
  private static let pageByteTarget = 1 << 20

  private let column: ParquetColumnBuffer
  private let compression: ParquetCompression
  private let dictionary: (bytes: [UInt8], count: Int, places: [UInt32])?

  init(_ column: ParquetColumnBuffer, _ compression: ParquetCompression) {
    self.column = column
    self.compression = compression
    dictionary = column.dictionary()
  }

  /// Writes the dictionary, if there is one, and the pages of values.
  /// - Throws: `ParquetDamage` when a page cannot be compressed, `FileError` when the disk refuses.
  func write(to writer: FileWriter) throws -> ParquetGroupRecord.Chunk {
    var record = ParquetGroupRecord.Chunk(
      valueCount: column.definitions.count, hasDictionary: dictionary != nil, dictionaryOffset: writer.byteCount)
    let start = writer.byteCount
    if let dictionary {
      try writePage(dictionary.bytes, .dictionary, to: writer, &record) { header in
        header.structure(7) {
          $0.int32(1, dictionary.count)
          $0.int32(2, ParquetEncoding.plain.rawValue)
        }
      }
    }
    record.dataOffset = writer.byteCount
    let encoding: ParquetEncoding = dictionary == nil ? .plain : .dictionary
    for (entries, values) in pages() {
      try writePage(page(entries, values), .data, to: writer, &record) { header in
        header.structure(5) {
          $0.int32(1, entries.count)
          $0.int32(2, encoding.rawValue)
          $0.int32(3, ParquetEncoding.runLength.rawValue)
          $0.int32(4, ParquetEncoding.runLength.rawValue)
        }
      }
    }
    record.byteCount = writer.byteCount - start
    return record
  }

  /// The entries of each page and the values among them; a row is never cut.
  private func pages() -> [(entries: Range<Int>, values: Range<Int>)] {
    var pages: [(entries: Range<Int>, values: Range<Int>)] = []
    var (entry, value, size) = (0, 0, 0)
    var nextValue = 0
    for index in column.definitions.indices {
      if size >= Self.pageByteTarget, column.repetition == 0 || column.repetitions[index] == 0 {
        pages.append((entry..<index, value..<nextValue))
        (entry, value, size) = (index, nextValue, 0)
      }
      size += 1
      if Int(column.definitions[index]) == column.definition {
        size += column.size(nextValue)
        nextValue += 1
      }
    }
    pages.append((entry..<column.definitions.count, value..<nextValue))
    return pages
  }

  private func page(_ entries: Range<Int>, _ values: Range<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    func append(_ levels: [UInt8], _ largest: Int) {
      let runs = RunLengthWriter.encode(levels[entries], width: BitPacked.width(largest))
      withUnsafeBytes(of: UInt32(runs.count).littleEndian) { bytes.append(contentsOf: $0) }
      bytes += runs
    }
    if column.repetition > 0 { append(column.repetitions, column.repetition) }
    append(column.definitions, column.definition)
    if let dictionary {
      let width = BitPacked.width(max(1, dictionary.count - 1))
      bytes.append(UInt8(width))
      bytes += RunLengthWriter.encode(dictionary.places[values], width: width)
    } else {
      bytes += column.plain(values)
    }
    return bytes
  }

  private func writePage(
    _ bytes: [UInt8], _ kind: ParquetPageHeader.Kind, to writer: FileWriter, _ record: inout ParquetGroupRecord.Chunk,
    _ details: (inout ThriftWriter) -> Void
  ) throws {
    guard bytes.count <= ParquetCompression.byteLimit else {
      throw ParquetDamage("has a row of \(bytes.count) bytes; \(ParquetCompression.byteLimit) is the most")
    }
    let compressed = try compression.compress(bytes)
    let header = ThriftWriter.message {
      $0.int32(1, kind.rawValue)
      $0.int32(2, bytes.count)
      $0.int32(3, compressed.count)
      details(&$0)
    }
    try writer.write(header)
    try writer.write(compressed)
    record.plainByteCount += header.count + bytes.count
  }
}
