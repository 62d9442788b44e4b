/// Goes through the pages of one column of one row group.
struct ParquetPages {
  /// A page of values: their levels and what decodes them.
  struct Page {
    var valueCount: Int
    var repetitions: RunLengthReader
    var definitions: RunLengthReader
    var decoder: any ParquetDecoder
    /// Keeps the bytes of the levels.
    var memory: [ParquetMemory]
  }

  private let leaf: ParquetLeaf
  private let file: ParquetMemory
  private let compression: ParquetCompression
  private let conversion: ParquetConversion
  private var rest: UnsafeRawBufferPointer
  private var dictionary: [JSON]?
  /// Values that are still to come, nulls among them.
  private var left: Int

  /// - Parameter bytes: all of the file before its footer.
  init(_ chunk: ParquetFooter.Chunk, _ leaf: ParquetLeaf, _ file: MappedFile, bytes: UnsafeRawBufferPointer) throws {
    self.leaf = leaf
    self.file = ParquetMemory(file)
    conversion = ParquetConversion(type: leaf.type, meaning: leaf.meaning)
    compression = try ParquetCompression(number: chunk.codec)
    left = Int(chunk.valueCount)
    // Some writers give 0 where there is no dictionary.
    let start = chunk.dictionaryOffset.map { $0 > 0 ? min($0, chunk.dataOffset) : chunk.dataOffset } ?? chunk.dataOffset
    guard start <= bytes.count, chunk.byteCount <= Int64(bytes.count) - start else {
      throw ParquetDamage(
        "claims \(chunk.byteCount) bytes from byte \(start) on, but the values of the file end at byte \(bytes.count)")
    }
    rest = UnsafeRawBufferPointer(rebasing: bytes[Int(start)..<Int(start + chunk.byteCount)])
  }

  /// The next page with values; `nil` after the last.
  mutating func next() throws -> Page? {
    while left > 0 {
      guard !rest.isEmpty else { throw ParquetDamage("has \(left) values fewer in its pages than it claims") }
      let (header, length) = try ParquetPageHeader.read(rest)
      rest = UnsafeRawBufferPointer(rebasing: rest[length...])
      let body = try rest.take(header.compressedCount)
      switch header.kind {
      case .index: continue
      case .dictionary: try readDictionary(header, body)
      case .data, .dataV2:
        guard header.valueCount <= left else {
          throw ParquetDamage("has a page of \(header.valueCount) values where \(left) are left")
        }
        if header.valueCount == 0 { continue }
        left -= header.valueCount
        return try header.kind == .data ? page(header, body) : pageV2(header, body)
      }
    }
    return nil
  }

  private func plainBytes(
    _ header: ParquetPageHeader, _ body: UnsafeRawBufferPointer, _ byteCount: Int
  ) throws -> ParquetMemory.Slice {
    if compression == .none || !header.isCompressed {
      guard body.count == byteCount else {
        throw ParquetDamage("has an uncompressed page of \(body.count) bytes that claims \(byteCount)")
      }
      return ParquetMemory.Slice(memory: file, bytes: body)
    }
    // A page of nothing but nulls may be compressed to nothing.
    if byteCount == 0 { return ParquetMemory.Slice(memory: file, bytes: UnsafeRawBufferPointer(rebasing: body[..<0])) }
    return try compression.decompress(body, byteCount: byteCount).all
  }

  private mutating func readDictionary(_ header: ParquetPageHeader, _ body: UnsafeRawBufferPointer) throws {
    guard dictionary == nil else { throw ParquetDamage("has a second dictionary in one row group") }
    guard
      header.encoding == ParquetEncoding.plain.rawValue || header.encoding == ParquetEncoding.plainDictionary.rawValue,
      leaf.type != .boolean
    else { throw ParquetDamage("has a dictionary in the unknown encoding \(header.encoding)") }
    let page = try plainBytes(header, body, header.byteCount)
    let smallest = leaf.type.width ?? 4
    guard header.valueCount <= page.bytes.count / smallest else {
      throw ParquetDamage("has a dictionary of \(header.valueCount) values in \(page.bytes.count) bytes")
    }
    var values: [JSON] = []
    values.reserveCapacity(header.valueCount)
    var decoder = ParquetPlainDecoder(page, conversion)
    try decoder.decode(header.valueCount, into: &values)
    dictionary = values
  }

  private func page(_ header: ParquetPageHeader, _ body: UnsafeRawBufferPointer) throws -> Page {
    let page = try plainBytes(header, body, header.byteCount)
    var bytes = page.bytes
    func levels(_ largest: Int, _ encoding: Int) throws -> RunLengthReader {
      if largest == 0 { return RunLengthReader(UnsafeRawBufferPointer(rebasing: bytes[..<0]), width: 0) }
      guard encoding == ParquetEncoding.runLength.rawValue else {
        throw ParquetDamage(
          "has levels in the encoding \(encoding), which is not read here; write it anew with pyarrow")
      }
      return RunLengthReader(try bytes.takeSized(), width: BitPacked.width(largest))
    }
    let repetitions = try levels(leaf.repetition, header.repetitionEncoding)
    let definitions = try levels(leaf.definition, header.definitionEncoding)
    let values = ParquetMemory.Slice(memory: page.memory, bytes: bytes)
    return Page(
      valueCount: header.valueCount, repetitions: repetitions, definitions: definitions,
      decoder: try decoder(header.encoding, values), memory: [page.memory])
  }

  private func pageV2(_ header: ParquetPageHeader, _ body: UnsafeRawBufferPointer) throws -> Page {
    var bytes = body
    let repetitions = RunLengthReader(try bytes.take(header.repetitionBytes), width: BitPacked.width(leaf.repetition))
    let definitions = RunLengthReader(try bytes.take(header.definitionBytes), width: BitPacked.width(leaf.definition))
    let levelBytes = header.repetitionBytes + header.definitionBytes
    guard header.byteCount >= levelBytes else { throw ParquetDamage("has a page shorter than its levels") }
    let values = try plainBytes(header, bytes, header.byteCount - levelBytes)
    return Page(
      valueCount: header.valueCount, repetitions: repetitions, definitions: definitions,
      decoder: try decoder(header.encoding, values), memory: [file, values.memory])
  }

  private func decoder(_ encoding: Int, _ values: ParquetMemory.Slice) throws -> any ParquetDecoder {
    switch ParquetEncoding(rawValue: encoding) {
    case .plain: return ParquetPlainDecoder(values, conversion)
    case .dictionary, .plainDictionary:
      guard let dictionary else { throw ParquetDamage("has values of a dictionary that is missing") }
      return try ParquetDictionaryDecoder(values, dictionary)
    case .runLength where leaf.type == .boolean: return try ParquetBooleanDecoder(values)
    case .deltaIntegers: return try ParquetDeltaDecoder(values, conversion)
    case .deltaLengths: return try ParquetDeltaLengthDecoder(values, conversion)
    case .deltaBytes: return try ParquetDeltaBytesDecoder(values, conversion)
    case .byteStreamSplit: return try ParquetSplitDecoder(values, conversion)
    case .bitPacked, .runLength, nil:
      throw ParquetDamage("has values in the encoding \(encoding), which is not read here")
    }
  }
}
