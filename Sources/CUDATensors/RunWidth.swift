import Tensors

/// How many elements kernels move at once: 16 bytes of them where all lies well, else one.
enum RunWidth {
  /// The width for accesses of `type` at the beginnings of `tensors`, whose other elements' accesses are counted from
  /// there.
  /// - Parameter multiples: columns, strides and offsets that the width must divide.
  static func of(_ type: DType, _ tensors: [Tensor?], multiples: [Int] = []) -> Int {
    let width = 16 / type.byteCount
    let isWhole = tensors.allSatisfy { $0?.isAligned ?? true } && multiples.allSatisfy { $0 % width == 0 }
    return isWhole ? width : 1
  }
}

extension Tensor {
  /// Whether its address is a multiple of 16 bytes.
  var isAligned: Bool { UInt(bitPattern: pointer) % 16 == 0 }
}
