/// Reads the wire format of protocol buffers, as far as SentencePiece models use it.
struct ProtobufReader {
  /// A field's value.
  enum Value {
    case varint(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    case bytes(Range<Int>)

    /// A whole number, in two's complement.
    var int: Int? {
      if case .varint(let value) = self { Int(truncatingIfNeeded: Int64(bitPattern: value)) } else { nil }
    }
    var bool: Bool? { if case .varint(let value) = self { value != 0 } else { nil } }
    var float: Float? { if case .fixed32(let value) = self { Float(bitPattern: value) } else { nil } }
    var range: Range<Int>? { if case .bytes(let range) = self { range } else { nil } }
  }

  private let bytes: UnsafeBufferPointer<UInt8>
  private var position: Int
  private let end: Int
  private let name: String

  init(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, name: String) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
    self.name = name
  }

  private var damaged: TokenizerError {
    TokenizerError("\(name), byte \(position)", "the file is no SentencePiece model, or it is damaged here")
  }

  /// The next field, nil at the end of the message.
  mutating func next() throws(TokenizerError) -> (field: Int, value: Value)? {
    guard position < end else { return nil }
    let tag = try varint()
    guard tag >> 3 > 0, tag >> 3 < 1 << 29 else { throw damaged }
    let field = Int(tag >> 3)
    switch tag & 7 {
    case 0: return (field, .varint(try varint()))
    case 1: return (field, .fixed64(try fixed(8)))
    case 5: return (field, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
    case 2:
      let length = try varint()
      guard length <= UInt64(end - position) else { throw damaged }
      let range = position..<position + Int(length)
      position = range.upperBound
      return (field, .bytes(range))
    default: throw damaged
    }
  }

  private mutating func varint() throws(TokenizerError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < end, shift < 64 {
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte & 0x80 == 0 { return value }
      shift += 7
    }
    throw damaged
  }

  private mutating func fixed(_ count: Int) throws(TokenizerError) -> UInt64 {
    guard end - position >= count else { throw damaged }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
    position += count
    return value
  }
}
