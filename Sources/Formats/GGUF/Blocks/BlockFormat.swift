import Foundation

/// How a type of tensor packs its values. The layouts are those of ggml's `block_…` structures; the results are the
/// bits that the `gguf` package's `dequantize` gives.
protocol BlockFormat {
  /// The type that is packed so.
  static var type: GGUFTensorType { get }

  /// Widens the `type.blockByteCount` bytes at `block` to the `type.blockSize` values at `values`.
  static func decode(_ block: UnsafeRawPointer, into values: UnsafeMutablePointer<Float>)
}

extension BlockFormat {
  /// Widens `count` blocks that lie one after another.
  fileprivate static func decode(_ blocks: UnsafeRawPointer, count: Int, into values: UnsafeMutablePointer<Float>) {
    let bytes = type.blockByteCount
    let size = type.blockSize
    for i in 0..<count { decode(blocks + i * bytes, into: values + i * size) }
  }
}

extension GGUFTensorType {
  /// Widens a tensor's blocks to float32, in pieces on several threads.
  ///
  /// `bytes` must hold exactly the blocks of `values.count` values.
  public func decode(
    _ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>,
    threads: Int = ProcessInfo.processInfo.activeProcessorCount
  ) {
    precondition(
      values.count % blockSize == 0 && bytes.count == values.count / blockSize * blockByteCount,
      "\(bytes.count) bytes are not \(values.count) values of \(name)")
    guard let source = bytes.baseAddress, let target = values.baseAddress else { return }
    let blocks = values.count / blockSize
    let blocksOfPiece = (1 << 16) / blockSize
    nonisolated(unsafe) let (from, to) = (source, target)
    _ = parallelMap(count: (blocks + blocksOfPiece - 1) / blocksOfPiece, threads: threads) { piece in
      let start = piece * blocksOfPiece
      decodePiece(
        from + start * blockByteCount, blocks: min(blocksOfPiece, blocks - start), into: to + start * blockSize)
    }
  }

  private func decodePiece(_ source: UnsafeRawPointer, blocks: Int, into target: UnsafeMutablePointer<Float>) {
    switch self {
    case .float32: UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: blocks * 4)
    case .float16: PlainFloats.widenHalves(source, count: blocks, into: target)
    case .bfloat16: PlainFloats.widenBFloats(source, count: blocks, into: target)
    case .q4_0: BlockQ4_0.decode(source, count: blocks, into: target)
    case .q4_1: BlockQ4_1.decode(source, count: blocks, into: target)
    case .q5_0: BlockQ5_0.decode(source, count: blocks, into: target)
    case .q5_1: BlockQ5_1.decode(source, count: blocks, into: target)
    case .q8_0: BlockQ8_0.decode(source, count: blocks, into: target)
    case .q2_K: BlockQ2_K.decode(source, count: blocks, into: target)
    case .q3_K: BlockQ3_K.decode(source, count: blocks, into: target)
    case .q4_K: BlockQ4_K.decode(source, count: blocks, into: target)
    case .q5_K: BlockQ5_K.decode(source, count: blocks, into: target)
    case .q6_K: BlockQ6_K.decode(source, count: blocks, into: target)
    }
  }
}

extension UnsafeRawPointer {
  /// The half-precision number at `offset`.
  @inline(__always) func half(at offset: Int) -> Float {
    HalfPrecision.float(loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  /// The byte at `offset`.
  @inline(__always) func byte(at offset: Int) -> UInt8 { load(fromByteOffset: offset, as: UInt8.self) }
}
