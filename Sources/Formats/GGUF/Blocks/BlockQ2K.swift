/// 256 values of two bits in 16 groups of 16: `d · scale · q - dmin · min`, scale and min of four bits each.
enum BlockQ2_K: BlockFormat {
  static let type = GGUFTensorType.q2_K

  static func decode(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
    let scale = block.half(at: 80)
    let smallest = block.half(at: 82)
    for group in 0..<16 {
      let packed = block.byte(at: group)
      let step = scale * Float(packed & 15)
      let offset = smallest * Float(packed >> 4)
      // 32 bytes hold 128 values: four groups of two bits, each over 32 values.
      let bytes = block + 16 + (group / 8) * 32 + (group % 2) * 16
      let shift = UInt8(group % 8 / 2 * 2)
      for i in 0..<16 { values[group * 16 + i] = step * Float(bytes.byte(at: i) >> shift & 3) - offset }
    }
  }
}
