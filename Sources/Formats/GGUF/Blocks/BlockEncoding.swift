import Foundation

extension GGUFTensorType {
  /// The types that values can be packed as: F32, F16, BF16, Q8_0.
  public static let encodable: [GGUFTensorType] = [.float32, .float16, .bfloat16, .q8_0]

  /// Packs float32 values, in pieces on several threads; Q8_0 bit for bit as ggml's reference does.
  ///
  /// `values.count` must be a multiple of `blockSize`, `bytes` just as large as they take, and the type `encodable`.
  /// - Returns: false where a value does not fit: beyond 65504 in F16, infinite or no number in Q8_0.
  public func encode(
    _ values: UnsafeBufferPointer<Float>, into bytes: UnsafeMutableRawBufferPointer,
    threads: Int = ProcessInfo.processInfo.activeProcessorCount
  ) -> Bool {
    precondition(
      GGUFTensorType.encodable.contains(self) && values.count % blockSize == 0
        && bytes.count == values.count / blockSize * blockByteCount,
      "\(values.count) values do not make \(bytes.count) bytes of \(name)")
    guard let source = values.baseAddress, let target = bytes.baseAddress else { return true }
    let blocks = values.count / blockSize
    let blocksOfPiece = (1 << 16) / blockSize
    nonisolated(unsafe) let (from, to) = (source, target)
    let fits = parallelMap(count: (blocks + blocksOfPiece - 1) / blocksOfPiece, threads: threads) { piece in
      let start = piece * blocksOfPiece
      return encodePiece(
        from + start * blockSize, blocks: min(blocksOfPiece, blocks - start), into: to + start * blockByteCount)
    }
    return fits.allSatisfy { $0 }
  }

  private func encodePiece(
    _ source: UnsafePointer<Float>, blocks: Int, into target: UnsafeMutableRawPointer
  ) -> Bool {
    switch self {
    case .float16: return PlainFloats.roundToHalves(source, count: blocks, into: target)
    case .bfloat16: PlainFloats.roundToBFloats(source, count: blocks, into: target)
    case .q8_0:
      var fits = true
      for i in 0..<blocks {
        fits = BlockQ8_0.encode(source + i * blockSize, into: target + i * blockByteCount) && fits
      }
      return fits
    default: target.copyMemory(from: source, byteCount: blocks * blockByteCount)
    }
    return true
  }
}
