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
}
