/// 32 signed bytes with one scale: `d · q`.
enum BlockQ8_0: BlockFormat {
  static let type = GGUFTensorType.q8_0

  static func decode(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
    let scale = block.half(at: 0)
    for i in 0..<32 {
      values[i] = Float(block.load(fromByteOffset: 2 + i, as: Int8.self)) * scale
    }
  }

  /// Rounds 32 values to steps of a 127th of the largest magnitude, halves away from zero, as ggml's reference does.
  /// - Returns: false for a value that is no number or infinite, which has no such form.
  static func encode(_ values: UnsafePointer<Float>, into block: UnsafeMutableRawPointer) -> Bool {
    var largest: UInt32 = 0
    for i in 0..<32 { largest = max(largest, values[i].bitPattern & 0x7FFF_FFFF) }
    guard largest < 0x7F80_0000 else { return false }
    let scale = Float(bitPattern: largest) / 127
    let inverse = 1 / scale
    block.storeBytes(of: HalfPrecision.bits(scale).littleEndian, as: UInt16.self)
    // A block so small that the inverse overflows has a scale of 0 in half precision; so have all its values.
    let factor = inverse.isFinite ? inverse : 0
    for i in 0..<32 {
      let value = values[i] * factor
      let magnitude = value.magnitude
      // Adding 1.5 · 2^23 rounds to a whole number, ties to even; a tie that went down goes up.
      let even = (magnitude + 0x1.8p23) - 0x1.8p23
      let rounded = magnitude - even == 0.5 ? even + 1 : even
      let number = Int32(bitPattern: (rounded + 0x1.8p23).bitPattern) &- Int32(bitPattern: Float(0x1.8p23).bitPattern)
      let signed = value < 0 ? 0 &- number : number
      block.storeBytes(of: Int8(truncatingIfNeeded: signed), toByteOffset: 2 + i, as: Int8.self)
    }
    return true
  }
}
