/// 256 values of six bits in 16 groups of 16: `d · scale · (q - 32)`, scales of a signed byte. Low four bits: 64 bytes
/// hold 128 values, one half below and one above; upper two bits: 32 bytes hold 128 values.
enum BlockQ6_K: BlockFormat {
  static let type = GGUFTensorType.q6_K

  static func decode(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
    let scale = block.half(at: 208)
    for group in 0..<16 {
      let step = scale * Float((block + 192).load(fromByteOffset: group, as: Int8.self))
      let low = block + group / 8 * 64 + group % 4 * 16
      let lowShift = UInt8(group % 8 / 4 * 4)
      let high = block + 128 + group / 8 * 32 + group % 2 * 16
      let highShift = UInt8(group % 8 / 2 * 2)
      for i in 0..<16 {
        let bits = low.byte(at: i) >> lowShift & 15 | (high.byte(at: i) >> highShift & 3) << 4
        values[group * 16 + i] = step * Float(Int32(bits) &- 32)
      }
    }
  }
}
