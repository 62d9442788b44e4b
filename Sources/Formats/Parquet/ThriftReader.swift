/// Reads Thrift's compact protocol, in which Parquet writes its footer and page headers.
///
/// Source: apache/thrift, doc/specs/thrift-compact-protocol.md. Nothing is allocated for a count that the bytes which
/// are left cannot hold.
struct ThriftReader {
  /// The types of fields and of elements.
  enum Kind: UInt8 {
    case yes = 1
    case no, byte, int16, int32, int64, double, binary, list, set, map, structure
    case uuid
  }

  private static let depthLimit = 32

  let bytes: UnsafeRawBufferPointer
  private(set) var index = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Reads a structure: `body` gets each field's number and kind and must take or skip its value.
  mutating func structure(_ body: (inout ThriftReader, Int, Kind) throws -> Void) throws {
    var number = 0
    while let (next, kind) = try field(after: number) {
      number = next
      try body(&self, next, kind)
    }
  }

  /// Reads a list: `body` gets the kind of each element and must take or skip it.
  mutating func list(_ kind: Kind, _ body: (inout ThriftReader, Kind) throws -> Void) throws {
    guard kind == .list || kind == .set else { throw mismatch("a list", kind) }
    let (count, element) = try listHeader()
    for _ in 0..<count { try body(&self, element) }
  }

  /// A whole number of any width.
  mutating func integer(_ kind: Kind) throws -> Int64 {
    switch kind {
    case .byte: return Int64(Int8(bitPattern: try byte()))
    case .int16, .int32, .int64: return zigzag(try varint())
    default: throw mismatch("a whole number", kind)
    }
  }

  /// A whole number that fits 32 bits.
  mutating func int32(_ kind: Kind) throws -> Int {
    let value = try integer(kind)
    guard let narrow = Int32(exactly: value) else {
      throw ParquetDamage("holds the number \(value) where one of 32 bits is needed")
    }
    return Int(narrow)
  }

  /// A boolean field, whose value is its kind.
  func bool(_ kind: Kind) throws -> Bool {
    switch kind {
    case .yes: return true
    case .no: return false
    default: throw mismatch("a boolean", kind)
    }
  }

  /// A text in UTF-8.
  mutating func text(_ kind: Kind) throws -> String {
    guard kind == .binary else { throw mismatch("a text", kind) }
    let piece = try takeBytes(try varint())
    guard let text = String(validating: piece, as: UTF8.self) else {
      throw ParquetDamage("holds a text that is not UTF-8, at byte \(index - piece.count)")
    }
    return text
  }

  /// Steps over a value.
  mutating func skip(_ kind: Kind, depth: Int = 0) throws {
    guard depth < ThriftReader.depthLimit else {
      throw ParquetDamage("is nested deeper than \(ThriftReader.depthLimit) levels")
    }
    switch kind {
    case .yes, .no: break
    case .byte: _ = try byte()
    case .int16, .int32, .int64: _ = try varint()
    case .double: _ = try takeBytes(8)
    case .uuid: _ = try takeBytes(16)
    case .binary: _ = try takeBytes(try varint())
    case .structure: try structure { reader, _, kind in try reader.skip(kind, depth: depth + 1) }
    case .list, .set:
      let (count, element) = try listHeader()
      for _ in 0..<count { try skipElement(element, depth: depth + 1) }
    case .map:
      let count = try varint()
      guard count > 0 else { break }
      let kinds = try byte()
      guard let key = Kind(rawValue: kinds >> 4), let value = Kind(rawValue: kinds & 15) else {
        throw ParquetDamage("holds a map of unknown kinds at byte \(index - 1)")
      }
      for _ in 0..<(try checked(count)) {
        try skipElement(key, depth: depth + 1)
        try skipElement(value, depth: depth + 1)
      }
    }
  }

  /// In a list a boolean takes a byte; as a field it takes none.
  private mutating func skipElement(_ kind: Kind, depth: Int) throws {
    if kind == .yes || kind == .no { _ = try byte() } else { try skip(kind, depth: depth) }
  }

  private mutating func field(after last: Int) throws -> (Int, Kind)? {
    let head = try byte()
    if head == 0 { return nil }
    guard let kind = Kind(rawValue: head & 15) else {
      throw ParquetDamage("holds a field of the unknown kind \(head & 15) at byte \(index - 1)")
    }
    if head >> 4 != 0 { return (last + Int(head >> 4), kind) }
    guard let number = Int16(exactly: zigzag(try varint())) else {
      throw ParquetDamage("holds a field number beyond 16 bits at byte \(index)")
    }
    return (Int(number), kind)
  }

  private mutating func listHeader() throws -> (Int, Kind) {
    let head = try byte()
    let count = head >> 4 == 15 ? try varint() : UInt64(head >> 4)
    guard let kind = Kind(rawValue: head & 15) else {
      throw ParquetDamage("holds a list of the unknown kind \(head & 15) at byte \(index - 1)")
    }
    return (try checked(count), kind)
  }

  /// A count of elements, of which each takes a byte or more.
  private func checked(_ count: UInt64) throws -> Int {
    guard count <= UInt64(bytes.count - index) else {
      throw ParquetDamage("claims \(count) elements at byte \(index), where \(bytes.count - index) bytes are left")
    }
    return Int(count)
  }

  private mutating func byte() throws -> UInt8 {
    guard index < bytes.count else { throw cutShort }
    index += 1
    return bytes[index - 1]
  }

  private mutating func takeBytes(_ count: UInt64) throws -> UnsafeRawBufferPointer {
    guard count <= UInt64(bytes.count - index) else { throw cutShort }
    index += Int(count)
    return UnsafeRawBufferPointer(rebasing: bytes[index - Int(count)..<index])
  }

  private mutating func varint() throws -> UInt64 {
    guard let value = Varint.read(bytes, &index) else { throw cutShort }
    return value
  }

  private func zigzag(_ value: UInt64) -> Int64 { Varint.zigzag(value) }

  private var cutShort: ParquetDamage { ParquetDamage("is cut short at byte \(bytes.count)") }

  private func mismatch(_ wanted: String, _ kind: Kind) -> ParquetDamage {
    ParquetDamage("holds a value of the kind \"\(kind)\" before byte \(index), where \(wanted) is needed")
  }
}
