/// 32 values of five bits with one scale: `d · (q - 16)`. The fifth bits stand in one word, value i's in bit i.
enum BlockQ5_0: BlockFormat {
  static let type = GGUFTensorType.q5_0

  static func decode(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
    let scale = block.half(at: 0)
    let high = block.loadUnaligned(fromByteOffset: 2, as: UInt32.self)
    for i in 0..<16 {
      let (low, up) = fiveBits(block.byte(at: 6 + i), high >> UInt32(i))
      values[i] = scale * Float(low &- 16)
      values[i + 16] = scale * Float(up &- 16)
    }
  }

  /// Values i and i + 16 of their shared byte and the word of fifth bits shifted by i.
  @inline(__always) static func fiveBits(_ pair: UInt8, _ high: UInt32) -> (Int32, Int32) {
    let pair = UInt32(pair)
    return (
      Int32(bitPattern: pair & 15 | (high & 1) << 4), Int32(bitPattern: pair >> 4 | (high >> 16 & 1) << 4)
    )
  }
}

/// 32 values of five bits with scale and smallest value: `d · q + m`.
enum BlockQ5_1: BlockFormat {
  static let type = GGUFTensorType.q5_1

  static func decode(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
    let scale = block.half(at: 0)
    let smallest = block.half(at: 2)
    let high = block.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
    for i in 0..<16 {
      let (low, up) = BlockQ5_0.fiveBits(block.byte(at: 8 + i), high >> UInt32(i))
      values[i] = scale * Float(low) + smallest
      values[i + 16] = scale * Float(up) + smallest
    }
  }
}
