/// 32 values of four bits with one scale: `d · (q - 8)`. Byte i holds value i below and value i + 16 above.
enum BlockQ4_0: BlockFormat {
  static let type = GGUFTensorType.q4_0

  static func decode(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
    let scale = block.half(at: 0)
    for i in 0..<16 {
      let pair = Int32(block.byte(at: 2 + i))
      values[i] = scale * Float(pair & 15 &- 8)
      values[i + 16] = scale * Float(pair >> 4 &- 8)
    }
  }
}

/// 32 values of four bits with scale and smallest value: `d · q + m`.
enum BlockQ4_1: BlockFormat {
  static let type = GGUFTensorType.q4_1

  static func decode(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
    let scale = block.half(at: 0)
    let smallest = block.half(at: 2)
    for i in 0..<16 {
      let pair = Int32(block.byte(at: 4 + i))
      values[i] = scale * Float(pair & 15) + smallest
      values[i + 16] = scale * Float(pair >> 4) + smallest
    }
  }
}
