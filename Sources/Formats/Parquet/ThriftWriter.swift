/// Writes Thrift's compact protocol; `ThriftReader` names its source.
struct ThriftWriter {
  private(set) var bytes: [UInt8] = []
  private var lastField = 0

  mutating func int32(_ field: Int, _ value: Int) {
    head(field, .int32)
    Varint.append(Varint.zigzag(Int64(value)), to: &bytes)
  }

  mutating func int64(_ field: Int, _ value: Int) {
    head(field, .int64)
    Varint.append(Varint.zigzag(Int64(value)), to: &bytes)
  }

  mutating func text(_ field: Int, _ value: String) {
    head(field, .binary)
    append(value)
  }

  mutating func structure(_ field: Int, _ body: (inout ThriftWriter) -> Void) {
    head(field, .structure)
    append(body)
  }

  /// A list of structures, one for each element.
  mutating func structures<Elements: Collection>(
    _ field: Int, _ elements: Elements, _ body: (inout ThriftWriter, Elements.Element) -> Void
  ) {
    list(field, .structure, elements.count)
    for element in elements { append { body(&$0, element) } }
  }

  mutating func texts(_ field: Int, _ values: [String]) {
    list(field, .binary, values.count)
    for value in values { append(value) }
  }

  mutating func int32s(_ field: Int, _ values: [Int]) {
    list(field, .int32, values.count)
    for value in values { Varint.append(Varint.zigzag(Int64(value)), to: &bytes) }
  }

  /// The fields of a structure that stands by itself, as a footer or page header does.
  static func message(_ body: (inout ThriftWriter) -> Void) -> [UInt8] {
    var writer = ThriftWriter()
    writer.append(body)
    return writer.bytes
  }

  private mutating func append(_ body: (inout ThriftWriter) -> Void) {
    let outer = lastField
    lastField = 0
    body(&self)
    bytes.append(0)
    lastField = outer
  }

  private mutating func append(_ value: String) {
    Varint.append(UInt64(value.utf8.count), to: &bytes)
    bytes.append(contentsOf: value.utf8)
  }

  private mutating func head(_ field: Int, _ kind: ThriftReader.Kind) {
    precondition(field > lastField && field - lastField < 16, "ThriftWriter: fields out of order")
    bytes.append(UInt8(field - lastField) << 4 | kind.rawValue)
    lastField = field
  }

  private mutating func list(_ field: Int, _ kind: ThriftReader.Kind, _ count: Int) {
    head(field, .list)
    if count < 15 {
      bytes.append(UInt8(count) << 4 | kind.rawValue)
    } else {
      bytes.append(0xF0 | kind.rawValue)
      Varint.append(UInt64(count), to: &bytes)
    }
  }
}
