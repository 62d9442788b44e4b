import CUDARuntime
import Tensors

extension CUDABackend {
  public func blockMeans(
    _ specification: AttentionSpecification, _ selection: BlockSelection, key: Tensor, column: Int,
    from firstBlock: Int, into means: Tensor
  ) {
    let s = specification
    let rows = selection.blocks(for: s.keyLength)
    launch(
      "attention_block_means", in: .attentionBlocks, key.dtype, blocks: Grid(max(0, rows - firstBlock), s.sequences),
      threads: 128, key.deviceAddress + column * key.dtype.byteCount, s.firstKeys, s.keyLength, key.columns,
      s.keyValueHeads * s.headDimension, selection.size, firstBlock, rows, means)
  }

  public func chooseBlocks(
    _ specification: AttentionSpecification, _ selection: BlockSelection, query: Tensor, means: Tensor,
    into bits: Tensor
  ) {
    let s = specification
    let rows = selection.blocks(for: s.keyLength)
    // Each warp has room for the scores of one query at a time.
    let grid = Grid(min((s.sequences * s.heads * s.queryLength + 3) / 4, 1024))
    let scores = workspace.allocate(byteCount: grid.count * 4 * rows * 4)
    launch(
      "attention_choose_blocks", in: .attentionBlocks, query.dtype, blocks: grid, threads: 128, query, means,
      s.firstKeys, s.sequences, s.queryLength, s.keyLength, s.heads, s.keyValueHeads, s.headDimension, query.columns,
      rows, selection.size, selection.first, selection.local, selection.count, bits, bits.columns / 2, scores)
  }
}
