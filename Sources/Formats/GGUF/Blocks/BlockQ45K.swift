/// 256 values of four bits in eight groups of 32: `d · scale · q - dmin · min`, scale and min of six bits each. 32 bytes
/// hold two groups, one below and one above.
enum BlockQ4_K: BlockFormat {
  static let type = GGUFTensorType.q4_K

  static func decode(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
    for group in 0..<8 {
      let (step, offset) = stepAndOffset(block, group: group)
      let bytes = block + 16 + group / 2 * 32
      let shift = UInt8(group % 2 * 4)
      for i in 0..<32 { values[group * 32 + i] = step * Float(bytes.byte(at: i) >> shift & 15) - offset }
    }
  }

  /// Step and offset of a group. Scales and mins of the first four groups are the low six bits of bytes 0–3 and 4–7;
  /// those of the others have their low four bits in bytes 8–11 and their upper two where the first left room.
  @inline(__always) static func stepAndOffset(_ block: UnsafeRawPointer, group: Int) -> (Float, Float) {
    let packed = block + 4
    let scale: UInt8
    let smallest: UInt8
    if group < 4 {
      scale = packed.byte(at: group) & 63
      smallest = packed.byte(at: 4 + group) & 63
    } else {
      let low = packed.byte(at: 4 + group)
      scale = low & 15 | (packed.byte(at: group - 4) >> 6) << 4
      smallest = low >> 4 | (packed.byte(at: group) >> 6) << 4
    }
    return (block.half(at: 0) * Float(scale), block.half(at: 2) * Float(smallest))
  }
}

/// As ``BlockQ4_K`` with five bits; the fifth ones stand apart, those of group g in bit g of 32 bytes.
enum BlockQ5_K: BlockFormat {
  static let type = GGUFTensorType.q5_K

  static func decode(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>) {
    let fifthBits = block + 16
    for group in 0..<8 {
      let (step, offset) = BlockQ4_K.stepAndOffset(block, group: group)
      let bytes = block + 48 + group / 2 * 32
      let shift = UInt8(group % 2 * 4)
      let fifth = UInt8(group)
      for i in 0..<32 {
        let bits = bytes.byte(at: i) >> shift & 15 | (fifthBits.byte(at: i) >> fifth & 1) << 4
        values[group * 32 + i] = step * Float(bits) - offset
      }
    }
  }
}
