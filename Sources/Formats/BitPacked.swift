/// Whole numbers of a few bits each, packed without gaps from the lowest bit of the first byte on.
enum BitPacked {
  /// The number of `width` bits (0 to 64) that begins at `bit`; `nil` when the bytes end before it does.
  @inline(__always)
  static func value(_ bytes: UnsafeRawBufferPointer, bit: Int, width: Int) -> UInt64? {
    if width == 0 { return 0 }
    let first = bit >> 3
    let shift = UInt64(bit & 7)
    let mask = UInt64.max >> UInt64(64 - width)
    if first + 9 <= bytes.count, let base = bytes.baseAddress {
      let low = UInt64(littleEndian: (base + first).loadUnaligned(as: UInt64.self)) >> shift
      let high = shift == 0 ? 0 : UInt64(bytes[first + 8]) << (64 - shift)
      return (low | high) & mask
    }
    guard bit + width <= bytes.count * 8 else { return nil }
    var value: UInt64 = 0
    for k in 0..<width {
      let place = bit + k
      value |= UInt64(bytes[place >> 3] >> UInt8(place & 7) & 1) << UInt64(k)
    }
    return value
  }

  /// Bits that numbers up to `largest` take.
  static func width(_ largest: Int) -> Int { Int.bitWidth - largest.leadingZeroBitCount }
}
