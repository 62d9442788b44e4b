import CUDARuntime
import Tensors

extension CUDABackend {
  public func embedding(ids: Tensor, table: Tensor, scale: Float, into output: Tensor) {
    let width = RunWidth.of(output.dtype, [table, output], multiples: [table.columns])
    launch(
      "embedding", in: .embedding, output.dtype, defines: ["WIDTH": width],
      blocks: blocks(for: output.count, per: 256 * width), threads: 256, ids, table, output, ids.count, table.columns,
      scale)
  }

  public func embeddingBackward(ids: Tensor, outputGradient: Tensor, scale: Float, tableGradient: Tensor) {
    let (tokens, columns, type) = (ids.count, tableGradient.columns, outputGradient.dtype)
    let width = RunWidth.of(type, [outputGradient, tableGradient], multiples: [columns])
    let numbers = (0..<4).map { _ in workspace.allocate(byteCount: tokens * 4) }
    let (sortedIDs, sortedTokens) = (numbers[2], numbers[3])
    for (kernel, size) in [("sort_tiles", 1024), ("merge_tiles", 128)] {
      launch(
        kernel, in: .embedding, type, defines: ["WIDTH": width], blocks: blocks(for: tokens, per: size), threads: size,
        ids, numbers[0], numbers[1], sortedIDs, sortedTokens, tokens)
    }
    launch(
      "embedding_backward", in: .embedding, type, defines: ["WIDTH": width],
      blocks: Grid((tokens + 3) / 4, (columns + 32 * width - 1) / (32 * width)), threads: 128, sortedIDs, sortedTokens,
      outputGradient, tableGradient, tokens, columns, scale)
  }
}
