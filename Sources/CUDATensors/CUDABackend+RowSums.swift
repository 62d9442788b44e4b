import CUDARuntime
import Tensors

/// How sums over many rows are cut: by the shape alone, so that their order does not depend on the card, and so that a
/// large one has some blocks.
enum RowBlocks {
  /// Rows of each of about `wanted` blocks: a multiple of `step`, the rows that a block takes at once, and eight at
  /// least.
  static func rows(of rows: Int, into wanted: Int, step: Int) -> Int {
    let share = (rows + wanted - 1) / max(wanted, 1)
    return max(8, (share + step - 1) / step) * step
  }

  /// So many threads fill half of a large card.
  static let threads = 132 * 1024
}

extension CUDABackend {
  public func addBias(_ bias: Tensor, to x: Tensor) {
    let width = RunWidth.of(x.dtype, [x, bias], multiples: [x.columns])
    launch(
      "add_bias", in: .bias, x.dtype, defines: ["WIDTH": width], blocks: blocks(for: x.count, per: 256 * width),
      threads: 256, x, bias, x.rows, x.columns)
  }

  public func biasBackward(outputGradient: Tensor, biasGradient: Tensor) {
    let (rows, columns) = (outputGradient.rows, outputGradient.columns)
    if outputGradient.count == 0 { return }
    let width = RunWidth.of(outputGradient.dtype, [outputGradient], multiples: [columns])
    let lanes = min(32, powerOfTwo(atLeast: columns / width))
    let tiles = (columns / width + lanes - 1) / lanes
    let blockRows = RowBlocks.rows(of: rows, into: RowBlocks.threads / 256 / tiles, step: 256 / lanes)
    let parts = (rows + blockRows - 1) / blockRows
    let partial = workspace.allocate(byteCount: parts * columns * 4)
    launch(
      "column_sums", in: .bias, outputGradient.dtype, defines: ["WIDTH": width], blocks: Grid(tiles, parts),
      threads: 256, outputGradient, partial, rows, columns, blockRows, lanes)
    addPartialSums(partial.deviceAddress, parts: parts, columns: columns, stride: columns, into: biasGradient)
  }

  /// into `[columns]` += the sum of float32 parts that lie `stride` apart.
  func addPartialSums(_ partial: DeviceAddress, parts: Int, columns: Int, stride: Int, into: Tensor) {
    launch(
      "add_partial_sums", in: .partialSums, nil, blocks: blocks(for: columns, per: 32), threads: 1024, partial, into,
      parts, columns, stride)
  }
}

/// The least power of two that is no less than `count`.
func powerOfTwo(atLeast count: Int) -> Int {
  count <= 1 ? 1 : 1 << (Int.bitWidth - (count - 1).leadingZeroBitCount)
}
