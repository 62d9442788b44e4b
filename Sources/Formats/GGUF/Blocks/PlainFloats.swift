/// 16-bit floats in a file, widened and rounded.
enum PlainFloats {
  static func widenHalves(_ source: UnsafeRawPointer, count: Int, into values: UnsafeMutablePointer<Float>) {
    for i in 0..<count { values[i] = source.half(at: 2 * i) }
  }

  static func widenBFloats(_ source: UnsafeRawPointer, count: Int, into values: UnsafeMutablePointer<Float>) {
    for i in 0..<count {
      values[i] = Float(bitPattern: UInt32(source.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)) << 16)
    }
  }

  /// - Returns: false where a finite value became infinite.
  static func roundToHalves(_ source: UnsafePointer<Float>, count: Int, into target: UnsafeMutableRawPointer) -> Bool {
    var overflows: UInt16 = 0
    for i in 0..<count {
      let bits = HalfPrecision.bits(source[i])
      let overflow = bits & 0x7FFF == 0x7C00 && source[i].bitPattern & 0x7FFF_FFFF != 0x7F80_0000
      overflows |= overflow ? 1 : 0
      target.storeBytes(of: bits.littleEndian, toByteOffset: 2 * i, as: UInt16.self)
    }
    return overflows == 0
  }

  /// To nearest, ties to even; a NaN stays one.
  static func roundToBFloats(_ source: UnsafePointer<Float>, count: Int, into target: UnsafeMutableRawPointer) {
    for i in 0..<count {
      let bits = source[i].bitPattern
      let rounded = (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
      let result = bits & 0x7FFF_FFFF > 0x7F80_0000 ? bits >> 16 | 0x40 : rounded
      target.storeBytes(of: UInt16(truncatingIfNeeded: result).littleEndian, toByteOffset: 2 * i, as: UInt16.self)
    }
  }
}
