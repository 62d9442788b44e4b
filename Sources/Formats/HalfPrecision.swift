/// The 16-bit float of IEEE 754, without the slow library call that `Float16` takes where the processor's own
/// instruction may not be assumed.
public enum HalfPrecision {
  /// Widens without loss.
  @inlinable @inline(__always) public static func float(_ bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let magnitude = UInt32(bits & 0x7FFF)
    // 2^112 moves the exponent's bias from 15 to 127, for normal and subnormal numbers alike.
    let finite = (Float(bitPattern: magnitude << 13) * 0x1p112).bitPattern
    let special = magnitude << 13 | 0x7F80_0000
    return Float(bitPattern: sign | (magnitude >= 0x7C00 ? special : finite))
  }

  /// Rounds to nearest, ties to even; what is too large becomes infinite, a NaN stays a NaN.
  @inlinable @inline(__always) public static func bits(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
    let magnitude = bits & 0x7FFF_FFFF
    // Above 2^-14 the last 13 bits are rounded away and the exponent's bias changes from 127 to 15.
    let normal = (magnitude &+ 0xFFF &+ ((magnitude >> 13) & 1) &- (112 << 23)) >> 13
    // Below, adding 1/2 leaves a multiple of 2^-24, the step of subnormal numbers, in the last bits.
    let subnormal = (Float(bitPattern: magnitude) + 0.5).bitPattern &- Float(0.5).bitPattern
    let finite = magnitude < 113 << 23 ? subnormal : min(normal, 0x7C00)
    let rounded = magnitude > 0x7F80_0000 ? 0x7E00 : magnitude >= 143 << 23 ? 0x7C00 : finite
    return sign | UInt16(truncatingIfNeeded: rounded)
  }
}
