/// 256 values of three bits in 16 groups of 16: `d · (scale - 32) · (q - 4)`, scales of six bits. The third bits stand
/// apart, value i's in bit i / 32 of byte i % 32.
enum BlockQ3_K: BlockFormat {
  static let type = GGUFTensorType.q3_K

  static func decode(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
    let scale = block.half(at: 108)
    let scales = block + 96
    for group in 0..<16 {
      let low = scales.byte(at: group % 8) >> UInt8(group / 8 * 4) & 15
      let high = scales.byte(at: 8 + group % 4) >> UInt8(group / 4 * 2) & 3
      let step = scale * Float(Int32(low | high << 4) &- 32)
      let bytes = block + 32 + (group / 8) * 32 + (group % 2) * 16
      let shift = UInt8(group % 8 / 2 * 2)
      let thirdBits = block + (group % 2) * 16
      let third = UInt8(group / 2)
      for i in 0..<16 {
        let bits = bytes.byte(at: i) >> shift & 3 | (thirdBits.byte(at: i) >> third & 1) << 2
        values[group * 16 + i] = step * Float(Int32(bits) &- 4)
      }
    }
  }
}
