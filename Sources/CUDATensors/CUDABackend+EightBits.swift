import CUDARuntime
import Tensors

extension CUDABackend {
  public func q8ByteCount(inputs: Int, outputs: Int) -> Int { outputs * q8RowBytes(inputs) }

  public func packQ8(_ weights: Tensor, into packed: Storage, at byteOffset: Int) {
    let blocksOfThreads = 8
    launch(
      "pack_q8", in: .q8, .float32, blocks: blocks(for: weights.count / 32, per: blocksOfThreads),
      threads: 32 * blocksOfThreads, weights, packed.deviceAddress + byteOffset, weights.rows, weights.columns,
      q8RowBytes(weights.columns))
  }

  public func multiplyQ8(_ x: Tensor, packed: Storage, into output: Tensor) {
    let (rows, inputs, outputs) = (x.rows, x.columns, output.columns)
    if rows == 0 || outputs == 0 { return }
    let (rowBytes, result) = (q8RowBytes(inputs), BLASMatrix(output))
    if rows <= Self.mostFewRows, inputs > 0 {
      fewRows(
        "few_rows_q8", [(x.deviceAddress, packed.deviceAddress, result)], BLASType(x.dtype), rowBytes: rowBytes,
        depth: inputs, elementsAtOnce: 16)
      return
    }
    // Parts that stay in the card's cache until they are multiplied.
    let most = max(256, (32 << 20) / max(inputs * x.dtype.byteCount, 1) / 256 * 256)
    let room = Tensor([min(most, outputs), inputs], x.dtype, in: workspace)
    for first in stride(from: 0, to: outputs, by: most) {
      let range = first..<min(first + most, outputs)
      let part = room[rows: 0..<range.count]
      launch(
        "unpack_q8", in: .q8, x.dtype, blocks: blocks(for: part.count, per: 16 * 256), threads: 256,
        packed.deviceAddress + first * rowBytes, part, range.count, inputs, rowBytes)
      withExtendedLifetime(part) {
        product(BLASMatrix(x), BLASMatrix(part, transposed: true), into: result.columns(range), accumulate: false)
      }
    }
  }

  /// Bytes of an output's weights: whole numbers, then a scale in half precision for each 32, filled up to 16 bytes.
  private func q8RowBytes(_ inputs: Int) -> Int { (inputs + inputs / 16 + 15) / 16 * 16 }
}
