/// Unsigned numbers in groups of seven bits, the lowest first (LEB128), and the zigzag form of signed ones.
enum Varint {
  /// Reads a number at `index` and steps over it; `nil` when the bytes end before or it exceeds 64 bits.
  @inline(__always)
  static func read(_ bytes: UnsafeRawBufferPointer, _ index: inout Int) -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while index < bytes.count, shift < 64 {
      let byte = bytes[index]
      index += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }

  /// Appends a number.
  @inline(__always)
  static func append(_ value: UInt64, to output: inout [UInt8]) {
    var value = value
    while value >= 0x80 {
      output.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    output.append(UInt8(value))
  }

  /// The signed number of 0, −1, 1, −2, … that stands at this place of the sequence.
  @inline(__always)
  static func zigzag(_ value: UInt64) -> Int64 { Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }

  /// The place of a signed number in the sequence 0, −1, 1, −2, …
  @inline(__always)
  static func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: value << 1 ^ value >> 63) }
}
