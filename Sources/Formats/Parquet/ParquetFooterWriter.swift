import OrderedCollections

/// Writes what stands at the end of a file; `ParquetFooter` reads it and names its source.
struct ParquetFooterWriter {
  let schema: ParquetSchema
  let columns: [ParquetColumnBuffer]
  let groups: [ParquetGroupRecord]
  let compression: ParquetCompression
  let metadata: OrderedDictionary<String, String>

  private struct Element {
    var name: String
    var kind: ParquetSchema.Kind?
    var repetition: Int?
    var children: Int?
    var isList = false
  }

  func bytes(rowCount: Int) -> [UInt8] {
    ThriftWriter.message { footer in
      footer.int32(1, 2)
      footer.structures(2, elements()) { Self.write($1, to: &$0) }
      footer.int64(3, rowCount)
      footer.structures(4, groups) { writer, group in
        writer.structures(1, zip(group.chunks, columns).map { ($0, $1) }) { write($1.0, of: $1.1, to: &$0) }
        writer.int64(2, group.chunks.reduce(0) { $0 + $1.plainByteCount })
        writer.int64(3, group.rowCount)
      }
      if !metadata.isEmpty {
        footer.structures(5, Array(metadata)) { writer, note in
          writer.text(1, note.key)
          writer.text(2, note.value)
        }
      }
      footer.text(6, "apus")
    }
  }

  private func write(
    _ chunk: ParquetGroupRecord.Chunk, of column: ParquetColumnBuffer, to writer: inout ThriftWriter
  ) {
    writer.int64(2, 0)
    writer.structure(3) { writer in
      let encodings: [ParquetEncoding] =
        chunk.hasDictionary ? [.plain, .runLength, .dictionary] : [.plain, .runLength]
      writer.int32(1, column.kind.type.number)
      writer.int32s(2, encodings.map(\.rawValue))
      writer.texts(3, column.path)
      writer.int32(4, compression.number)
      writer.int64(5, chunk.valueCount)
      writer.int64(6, chunk.plainByteCount)
      writer.int64(7, chunk.byteCount)
      writer.int64(9, chunk.dataOffset)
      if chunk.hasDictionary { writer.int64(11, chunk.dictionaryOffset) }
    }
  }

  private func elements() -> [Element] {
    var elements = [Element(name: "schema", children: schema.columns.count)]
    func add(_ name: String, _ kind: ParquetSchema.Kind) {
      switch kind {
      case .list(let element):
        elements.append(Element(name: name, repetition: 1, children: 1, isList: true))
        elements.append(Element(name: "list", repetition: 2, children: 1))
        add("element", element)
      case .structure(let parts):
        elements.append(Element(name: name, repetition: 1, children: parts.count))
        for (name, part) in parts { add(name, part) }
      default: elements.append(Element(name: name, kind: kind, repetition: 1))
      }
    }
    for (name, kind) in schema.columns { add(name, kind) }
    return elements
  }

  private static func write(_ element: Element, to writer: inout ThriftWriter) {
    if let kind = element.kind { writer.int32(1, kind.type.number) }
    if let repetition = element.repetition { writer.int32(3, repetition) }
    writer.text(4, element.name)
    if let children = element.children { writer.int32(5, children) }
    // The converted types UTF8 and LIST are for readers that do not know the logical ones.
    if element.kind == .string { writer.int32(6, 0) }
    if element.isList { writer.int32(6, 3) }
    let logical: Int? = element.isList ? 3 : element.kind == .string ? 1 : element.kind == .nothing ? 11 : nil
    if let logical { writer.structure(10) { $0.structure(logical) { _ in } } }
  }
}
