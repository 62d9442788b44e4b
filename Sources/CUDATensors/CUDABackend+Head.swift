import CUDARuntime
import Tensors

extension CUDABackend {
  /// Columns of a block of the vocabulary: enough for a product of full speed, while a block's logits of ``logitsRows``
  /// rows stay in the cache until they are read.
  private static let headColumns = 8192
  private static let logitsRows = 1024

  public func headBlockCount(vocabulary: Int) -> Int { (vocabulary + Self.headColumns - 1) / Self.headColumns }

  /// As many tokens as fill 1 GiB with exponentials, from 128 up to 8,192: each time the weights' gradient is read and
  /// written once.
  public func headRows(vocabulary: Int, compute: DType) -> Int {
    max(128, min(8192, (1 << 30) / (vocabulary * compute.byteCount) / 128 * 128))
  }

  /// Rows begin at multiples of 16 bytes, whatever the vocabulary is: products of others are slow.
  public func headColumns(vocabulary: Int, compute: DType) -> Int {
    let width = 16 / compute.byteCount
    return (vocabulary + width - 1) / width * width
  }

  public func head(
    _ hidden: Tensor, weights: RightOperand, vocabulary: Int, compute: DType, targets: Tensor, exponentials: Tensor?,
    blockLargest: Tensor, softCap: Float?, logSumExp: Tensor, logProbabilities: Tensor, entropy: Tensor?
  ) {
    let (tokens, blocks) = (hidden.rows, headBlockCount(vocabulary: vocabulary))
    if tokens == 0 || vocabulary == 0 { return }
    let input = operand(hidden, compute)
    let left = BLASMatrix(input)
    let weights = packed(weights, transposed: true, depth: hidden.columns, columns: vocabulary, compute: compute)
    let right = BLASMatrix(weights, compute, depth: hidden.columns, columns: vocabulary)
    // Rows of logits begin at multiples of 32 bytes, whatever the vocabulary is.
    let columns = (min(vocabulary, Self.headColumns) + 7) / 8 * 8
    let logits = Tensor([min(tokens, Self.logitsRows), columns], .float32, in: workspace)
    let sums = Tensor([blocks, tokens], .float32, in: workspace)
    let weighted = entropy == nil ? nil : Tensor([blocks, tokens], .float32, in: workspace)
    let targetLogits = Tensor([tokens], .float32, in: workspace)
    let type = exponentials?.dtype ?? compute
    for block in 0..<blocks {
      let first = block * Self.headColumns
      let range = first..<min(first + Self.headColumns, vocabulary)
      for row in stride(from: 0, to: tokens, by: Self.logitsRows) {
        let rows = row..<min(row + Self.logitsRows, tokens)
        let result = BLASMatrix(logits).rows(0..<rows.count).columns(0..<range.count)
        product(left.rows(rows), right.columns(range), into: result, accumulate: false)
        let at = (block * tokens + row) * MemoryLayout<Float>.stride
        launch(
          "head_block", in: .head, type, defines: headDefines(softCap), blocks: Grid(rows.count), threads: 256, logits,
          targets[rows: rows], exponentials.map { $0[rows: rows] }, blockLargest.deviceAddress + at,
          sums.deviceAddress + at, weighted.map { $0.deviceAddress + at }, targetLogits[rows: rows], columns,
          range.count, first, exponentials?.columns ?? 0, softCap ?? 0)
      }
    }
    launch(
      "head_results", in: .head, type, defines: headDefines(softCap), blocks: self.blocks(for: tokens, per: 128),
      threads: 128, targets, blockLargest, sums, weighted, targetLogits, logSumExp, logProbabilities, entropy, tokens,
      blocks)
    // What the products read has to stay until they are in the stream.
    withExtendedLifetime((input, weights)) {}
  }

  public func headGradient(
    exponentials: Tensor, vocabulary: Int, blockLargest: Tensor, softCap: Float?, targets: Tensor, logSumExp: Tensor,
    logProbabilities: Tensor, logProbabilityGradient: Tensor, logSumExpGradient: Tensor?
  ) {
    let tokens = exponentials.rows
    launch(
      "head_gradient", in: .head, exponentials.dtype, defines: headDefines(softCap),
      blocks: Grid(tokens, headBlockCount(vocabulary: vocabulary)), threads: 256, exponentials, blockLargest, targets,
      logSumExp, logProbabilities, logProbabilityGradient, logSumExpGradient, tokens, vocabulary,
      exponentials.columns, softCap ?? 0)
  }

  public func crossEntropyGradient(
    logSumExp: Tensor, weights: Tensor, total: Float, zLoss: Float, byLogProbability: Tensor, byLogSumExp: Tensor
  ) {
    launch(
      "cross_entropy_gradient", in: .head, .float32, defines: headDefines(nil),
      blocks: blocks(for: logSumExp.count, per: 128), threads: 128, logSumExp, weights, byLogProbability, byLogSumExp,
      logSumExp.count, total, zLoss)
  }

  private func headDefines(_ softCap: Float?) -> [String: Int] {
    ["BLOCK_COLUMNS": Self.headColumns, "SOFT_CAP": softCap == nil ? 0 : 1]
  }
}
