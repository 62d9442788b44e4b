/// How queries choose the blocks of keys that they attend to (block-selected attention; MoBA, arXiv:2502.13189): those
/// whose mean key gives the largest product with the query, and the ones nearby.
public struct BlockSelection: Hashable, Sendable {
  /// Keys of a block.
  public var size: Int
  /// Blocks that each query of each head chooses besides the others.
  public var count: Int
  /// The query's own block and those before it, so many in all, are always seen.
  public var local: Int
  /// So many of the document's first blocks are always seen.
  public var first: Int

  /// `count` chosen blocks of `size` keys.
  public init(size: Int, count: Int, local: Int = 1, first: Int = 0) {
    (self.size, self.count, self.local, self.first) = (size, count, local, first)
  }

  /// Blocks that cover `keys` keys.
  public func blocks(for keys: Int) -> Int { (keys + size - 1) / size }
}

extension Execution {
  /// Mean keys of whole blocks, float32 `[sequences, blocks, width]`, of keys in columns from `column` on.
  public func blockMeans(
    of keys: Tensor, column: Int, _ specification: AttentionSpecification, _ selection: BlockSelection
  ) -> Tensor {
    let blocks = selection.blocks(for: specification.keyLength)
    let width = specification.keyValueHeads * specification.headDimension
    let means = tensor([specification.sequences, blocks, width], .float32)
    backend.blockMeans(specification, selection, key: keys, column: column, from: 0, into: means)
    return means
  }

  /// The blocks that queries in the first columns of `query` choose by mean keys.
  public func chosenBlocks(
    query: Tensor, means: Tensor, _ specification: AttentionSpecification, _ selection: BlockSelection
  ) -> ChosenBlocks {
    let words = (selection.blocks(for: specification.keyLength) + 63) / 64
    let bits = tensor(
      [specification.sequences, specification.heads, specification.queryLength, 2 * words], .int32)
    backend.chooseBlocks(specification, selection, query: query, means: means, into: bits)
    return ChosenBlocks(size: selection.size, bits: bits)
  }
}
