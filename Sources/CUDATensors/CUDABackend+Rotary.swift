import CUDARuntime
import Tensors

extension CUDABackend {
  public func rotary(_ x: Tensor, heads: RotaryHeads, positions: Tensor, table: Tensor, inverse: Bool) {
    let pairs = table.columns
    let width = RunWidth.of(
      x.dtype, [x, table],
      multiples: [heads.column, heads.dimension, x.columns, heads.isInterleaved ? 2 * pairs : pairs])
    let pairsAtOnce = heads.isInterleaved ? max(width / 2, 1) : width
    launch(
      "rotary", in: .rotary, x.dtype, defines: ["PAIRS": pairsAtOnce, "INTERLEAVED": heads.isInterleaved ? 1 : 0],
      blocks: blocks(for: x.rows * heads.count * (pairs / pairsAtOnce), per: 128), threads: 128,
      x.deviceAddress + heads.column * x.dtype.byteCount, positions, table, x.rows, heads.count, heads.dimension, pairs,
      x.columns, Float(inverse ? -1 : 1))
  }
}
