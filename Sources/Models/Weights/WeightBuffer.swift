import Formats

/// The memory through which weights pass from a source to a file: one tensor at a time.
final class WeightBuffer {
  private let values: UnsafeMutableBufferPointer<Float>
  private var packed: [UInt8] = []
  /// Values packed together: long enough for several threads, short beside a tensor.
  private static let pieceSize = 1 << 20

  /// Room for a tensor of so many elements.
  init(capacity: Int) { values = .allocate(capacity: capacity) }

  deinit { values.deallocate() }

  /// Lets `fill` write the values of a tensor, and passes them on as bytes of a type, piece by piece.
  /// - Parameter path: the file to write, for errors.
  /// - Throws: `WeightError` for a value that the type cannot hold, or what `fill` and `pass` throw.
  func pass(
    _ tensor: String, count: Int, as type: GGUFTensorType, to path: String,
    fill: (UnsafeMutableBufferPointer<Float>) throws -> Void, _ pass: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let whole = UnsafeMutableBufferPointer(rebasing: values[..<count])
    try fill(whole)
    for start in stride(from: 0, to: whole.count, by: WeightBuffer.pieceSize) {
      let end = min(start + WeightBuffer.pieceSize, whole.count)
      let piece = UnsafeBufferPointer(rebasing: whole[start..<end])
      let count = piece.count / type.blockSize * type.blockByteCount
      if packed.count < count { packed = [UInt8](repeating: 0, count: count) }
      try packed.withUnsafeMutableBytes { packed in
        let bytes = UnsafeMutableRawBufferPointer(rebasing: packed[..<count])
        guard type.encode(piece, into: bytes) else {
          throw WeightError(
            path: path, tensor: tensor,
            problem: "has values that \(type.name) cannot hold: too large, infinite or no number; take bf16 or f32")
        }
        try pass(UnsafeRawBufferPointer(bytes))
      }
    }
  }
}
