/// A backend that hands every operation on to another and notes its time, arithmetic and traffic.
public struct MeasuringBackend: Backend {
  let base: any Backend
  /// What has been measured.
  public let costs = OperationCosts()

  /// Measures the operations of `base`.
  public init(_ base: any Backend) { self.base = base }

  func measure(
    _ name: String, operations: Double = 0, exponentials: Int = 0, _ operands: Tensor?..., bytes more: Int = 0,
    _ body: () -> Void
  ) {
    let bytes = operands.reduce(more) { $0 + ($1.map { $0.count * $0.dtype.byteCount } ?? 0) }
    let time = ContinuousClock().measure {
      body()
      base.synchronize()
    }
    costs.add(
      name, seconds: time / .seconds(1), operations: operations, exponentials: Double(exponentials),
      bytes: Double(bytes))
  }

  public func makeArena() -> Arena { base.makeArena() }
  public var deviceBytes: Int? { base.deviceBytes }
  public func synchronize() { base.synchronize() }
  public func copy(_ x: Tensor, into output: Tensor) { measure("copy", x, output) { base.copy(x, into: output) } }
  public var fullProduct: (rows: Int, inputs: Int, outputs: Int) { base.fullProduct }
  public var packsByProduct: Bool { base.packsByProduct }

  public func packedByteCount(depth: Int, columns: Int, compute: DType) -> Int {
    base.packedByteCount(depth: depth, columns: columns, compute: compute)
  }

  public func pack(_ matrix: Tensor, transposed: Bool, compute: DType, into packed: Storage, at byteOffset: Int) {
    measure("packing", matrix, bytes: matrix.count * compute.byteCount) {
      base.pack(matrix, transposed: transposed, compute: compute, into: packed, at: byteOffset)
    }
  }

  public func multiply(
    _ left: Tensor, leftTransposed: Bool, packed: PackedMatrix, compute: DType, into output: Tensor, accumulate: Bool
  ) {
    let depth = leftTransposed ? left.rows : left.columns
    let right = depth * output.columns * compute.byteCount
    measure(
      leftTransposed ? "products of weight gradients" : "products", operations: 2 * Double(output.count * depth), left,
      output, accumulate ? output : nil, bytes: right
    ) {
      base.multiply(
        left, leftTransposed: leftTransposed, packed: packed, compute: compute, into: output, accumulate: accumulate)
    }
  }

  public func linear(_ x: Tensor, weights: PackedMatrix, compute: DType, into output: Tensor, packedInput: Storage) {
    let packed = (x.columns * output.columns + x.count) * compute.byteCount
    measure("products", operations: 2 * Double(output.count * x.columns), x, output, bytes: packed) {
      base.linear(x, weights: weights, compute: compute, into: output, packedInput: packedInput)
    }
  }

  public func linearBackward(
    outputGradient: Tensor, weights: RightOperand, input: PackedMatrix, compute: DType, inputGradient: Tensor,
    weightGradient: Tensor, accumulate: Bool
  ) {
    let packed = (inputGradient.count + weightGradient.count) * compute.byteCount
    measure(
      "products of linear backward", operations: 4 * Double(inputGradient.count * weightGradient.rows),
      outputGradient, inputGradient, weightGradient, weightGradient, bytes: packed
    ) {
      base.linearBackward(
        outputGradient: outputGradient, weights: weights, input: input, compute: compute,
        inputGradient: inputGradient, weightGradient: weightGradient, accumulate: accumulate)
    }
  }

  public func q8ByteCount(inputs: Int, outputs: Int) -> Int { base.q8ByteCount(inputs: inputs, outputs: outputs) }

  public func packQ8(_ weights: Tensor, into packed: Storage, at byteOffset: Int) {
    let bytes = base.q8ByteCount(inputs: weights.columns, outputs: weights.rows)
    measure("packing", weights, bytes: bytes) { base.packQ8(weights, into: packed, at: byteOffset) }
  }

  public func roundToQ8(_ weights: Tensor) { measure("rounding", weights, weights) { base.roundToQ8(weights) } }

  public func multiplyQ8(_ x: Tensor, packed: Storage, into output: Tensor) {
    measure("products", operations: 2 * Double(output.count * x.columns), x, output, bytes: packed.byteCount) {
      base.multiplyQ8(x, packed: packed, into: output)
    }
  }

  public func addBias(_ bias: Tensor, to x: Tensor) {
    measure("bias", x, x) { base.addBias(bias, to: x) }
  }

  public func biasBackward(outputGradient: Tensor, biasGradient: Tensor) {
    measure("bias backward", outputGradient) {
      base.biasBackward(outputGradient: outputGradient, biasGradient: biasGradient)
    }
  }

  public func add(_ a: Tensor, _ b: Tensor, into output: Tensor) {
    measure("add", a, b, output) { base.add(a, b, into: output) }
  }

  public func exponential(_ x: Tensor, compute: DType, into output: Tensor) {
    measure("exponential", exponentials: x.count, x, output) { base.exponential(x, compute: compute, into: output) }
  }

  public func convert(_ x: Tensor, into output: Tensor) {
    measure("convert", x, output) { base.convert(x, into: output) }
  }

  public func embedding(ids: Tensor, table: Tensor, scale: Float, into output: Tensor) {
    measure("embedding", output, bytes: output.count * 4) {
      base.embedding(ids: ids, table: table, scale: scale, into: output)
    }
  }

  public func embeddingBackward(ids: Tensor, outputGradient: Tensor, scale: Float, tableGradient: Tensor) {
    measure("embedding backward", outputGradient, bytes: outputGradient.count * 8) {
      base.embeddingBackward(ids: ids, outputGradient: outputGradient, scale: scale, tableGradient: tableGradient)
    }
  }

  public func rmsNorm(
    _ x: Tensor, delta: Tensor?, weight: Tensor, onePlus: Bool, epsilon: Float, sum: Tensor, output: Tensor,
    rstd: Tensor
  ) {
    measure("RMSNorm", x, delta, delta == nil ? nil : sum, output) {
      base.rmsNorm(
        x, delta: delta, weight: weight, onePlus: onePlus, epsilon: epsilon, sum: sum, output: output, rstd: rstd)
    }
  }

  public func rmsNormBackward(
    sum: Tensor, weight: Tensor, onePlus: Bool, rstd: Tensor, outputGradient: Tensor, residualGradient: Tensor?,
    sumGradient: Tensor, weightGradient: Tensor?
  ) {
    measure("RMSNorm backward", sum, outputGradient, residualGradient, sumGradient) {
      base.rmsNormBackward(
        sum: sum, weight: weight, onePlus: onePlus, rstd: rstd, outputGradient: outputGradient,
        residualGradient: residualGradient, sumGradient: sumGradient, weightGradient: weightGradient)
    }
  }

  public func headNorm(
    _ x: Tensor, columnOffset: Int, heads: Int, dimension: Int, weight: Tensor, onePlus: Bool, epsilon: Float,
    output: Tensor, rstd: Tensor
  ) {
    measure("head norm", bytes: 2 * x.rows * heads * dimension * x.dtype.byteCount) {
      base.headNorm(
        x, columnOffset: columnOffset, heads: heads, dimension: dimension, weight: weight, onePlus: onePlus,
        epsilon: epsilon, output: output, rstd: rstd)
    }
  }

  public func headNormBackward(
    _ x: Tensor, columnOffset: Int, heads: Int, dimension: Int, weight: Tensor, onePlus: Bool, rstd: Tensor,
    outputGradient: Tensor, inputGradient: Tensor, weightGradient: Tensor?
  ) {
    measure("head norm backward", bytes: 3 * x.rows * heads * dimension * x.dtype.byteCount) {
      base.headNormBackward(
        x, columnOffset: columnOffset, heads: heads, dimension: dimension, weight: weight, onePlus: onePlus,
        rstd: rstd, outputGradient: outputGradient, inputGradient: inputGradient, weightGradient: weightGradient)
    }
  }

  public func layerNorm(
    _ x: Tensor, delta: Tensor?, weight: Tensor, bias: Tensor, epsilon: Float, sum: Tensor, output: Tensor,
    statistics: Tensor
  ) {
    measure("LayerNorm", x, delta, delta == nil ? nil : sum, output) {
      base.layerNorm(
        x, delta: delta, weight: weight, bias: bias, epsilon: epsilon, sum: sum, output: output,
        statistics: statistics)
    }
  }

  public func layerNormBackward(
    sum: Tensor, weight: Tensor, statistics: Tensor, outputGradient: Tensor, residualGradient: Tensor?,
    sumGradient: Tensor, weightGradient: Tensor?, biasGradient: Tensor?
  ) {
    measure("LayerNorm backward", sum, outputGradient, residualGradient, sumGradient) {
      base.layerNormBackward(
        sum: sum, weight: weight, statistics: statistics, outputGradient: outputGradient,
        residualGradient: residualGradient, sumGradient: sumGradient, weightGradient: weightGradient,
        biasGradient: biasGradient)
    }
  }

  public func rotary(_ x: Tensor, heads: RotaryHeads, positions: Tensor, table: Tensor, inverse: Bool) {
    measure("rotary", bytes: 2 * x.rows * heads.count * 2 * table.columns * x.dtype.byteCount) {
      base.rotary(x, heads: heads, positions: positions, table: table, inverse: inverse)
    }
  }

  public func attention(
    _ specification: AttentionSpecification, query: Tensor, key: Tensor, value: Tensor, columns: AttentionColumns,
    output: Tensor, logSumExp: Tensor, compute: DType
  ) {
    measure(
      "attention", operations: specification.operations, exponentials: specification.scores, output, logSumExp,
      bytes: specification.operandBytes(query.dtype)
    ) {
      base.attention(
        specification, query: query, key: key, value: value, columns: columns, output: output, logSumExp: logSumExp,
        compute: compute)
    }
  }

  public func attentionBackward(
    _ specification: AttentionSpecification, query: Tensor, key: Tensor, value: Tensor, columns: AttentionColumns,
    output: Tensor, logSumExp: Tensor, outputGradient: Tensor, queryGradient: Tensor, keyGradient: Tensor,
    valueGradient: Tensor, compute: DType
  ) {
    // Scores again, and the gradients of probabilities, queries, keys and values: five products for two.
    measure(
      "attention backward", operations: 2.5 * specification.operations, exponentials: specification.scores, output,
      outputGradient, logSumExp, bytes: 2 * specification.operandBytes(query.dtype)
    ) {
      base.attentionBackward(
        specification, query: query, key: key, value: value, columns: columns, output: output, logSumExp: logSumExp,
        outputGradient: outputGradient, queryGradient: queryGradient, keyGradient: keyGradient,
        valueGradient: valueGradient, compute: compute)
    }
  }

  public func attentionSinkGradient(
    _ specification: AttentionSpecification, output: Tensor, logSumExp: Tensor, outputGradient: Tensor,
    sinkGradient: Tensor
  ) {
    measure("attention sinks backward", output, outputGradient, logSumExp) {
      base.attentionSinkGradient(
        specification, output: output, logSumExp: logSumExp, outputGradient: outputGradient, sinkGradient: sinkGradient)
    }
  }

  public func mergeAttention(
    _ specification: AttentionSpecification, _ parts: [(output: Tensor, logSumExp: Tensor)], output: Tensor,
    logSumExp: Tensor
  ) {
    measure("attention merge", output, bytes: parts.count * output.count * output.dtype.byteCount) {
      base.mergeAttention(specification, parts, output: output, logSumExp: logSumExp)
    }
  }

  public func blockMeans(
    _ specification: AttentionSpecification, _ selection: BlockSelection, key: Tensor, column: Int,
    from firstBlock: Int, into means: Tensor
  ) {
    measure("block means", means, bytes: (means.rows - firstBlock) * means.columns * key.dtype.byteCount) {
      base.blockMeans(specification, selection, key: key, column: column, from: firstBlock, into: means)
    }
  }

  public func chooseBlocks(
    _ specification: AttentionSpecification, _ selection: BlockSelection, query: Tensor, means: Tensor, into bits: Tensor
  ) {
    let scores = Double(specification.scores) / Double(selection.size)
    measure("block choice", operations: 2 * scores * Double(specification.headDimension), means, bits) {
      base.chooseBlocks(specification, selection, query: query, means: means, into: bits)
    }
  }

  public func swiGLU(_ gateUp: Tensor, output: Tensor) {
    measure("SwiGLU", exponentials: output.count, gateUp, output) { base.swiGLU(gateUp, output: output) }
  }

  public func swiGLUBackward(_ gateUp: Tensor, outputGradient: Tensor, inputGradient: Tensor) {
    measure("SwiGLU backward", exponentials: outputGradient.count, gateUp, outputGradient, inputGradient) {
      base.swiGLUBackward(gateUp, outputGradient: outputGradient, inputGradient: inputGradient)
    }
  }

  public func geGLU(_ gateUp: Tensor, output: Tensor) {
    measure("GEGLU", exponentials: output.count, gateUp, output) { base.geGLU(gateUp, output: output) }
  }

  public func geGLUBackward(_ gateUp: Tensor, outputGradient: Tensor, inputGradient: Tensor) {
    measure("GEGLU backward", exponentials: outputGradient.count, gateUp, outputGradient, inputGradient) {
      base.geGLUBackward(gateUp, outputGradient: outputGradient, inputGradient: inputGradient)
    }
  }

  public func gelu(_ x: Tensor, output: Tensor) {
    measure("GELU", x, output) { base.gelu(x, output: output) }
  }

  public func geluBackward(_ x: Tensor, outputGradient: Tensor, inputGradient: Tensor) {
    measure("GELU backward", x, outputGradient, inputGradient) {
      base.geluBackward(x, outputGradient: outputGradient, inputGradient: inputGradient)
    }
  }

  public func gatherColumns(of inputs: [Tensor], _ spans: [ColumnSpan], into output: Tensor) {
    measure("columns", output, output) { base.gatherColumns(of: inputs, spans, into: output) }
  }

  public func sumColumns(_ spans: [(from: Tensor, column: Int, span: ColumnSpan)], into output: Tensor) {
    let read = spans.reduce(0) { $0 + $1.span.count } * output.rows * output.dtype.byteCount
    measure("columns backward", output, bytes: read) { base.sumColumns(spans, into: output) }
  }

  public func headBlockCount(vocabulary: Int) -> Int { base.headBlockCount(vocabulary: vocabulary) }

  public func headRows(vocabulary: Int, compute: DType) -> Int {
    base.headRows(vocabulary: vocabulary, compute: compute)
  }

  public func headColumns(vocabulary: Int, compute: DType) -> Int {
    base.headColumns(vocabulary: vocabulary, compute: compute)
  }

  public func head(
    _ hidden: Tensor, weights: RightOperand, vocabulary: Int, compute: DType, targets: Tensor, exponentials: Tensor?,
    blockLargest: Tensor, softCap: Float?, logSumExp: Tensor, logProbabilities: Tensor, entropy: Tensor?
  ) {
    let bytesOfWeight = if case .plain(let matrix) = weights { matrix.dtype.byteCount } else { compute.byteCount }
    measure(
      "output head", operations: 2 * Double(hidden.count * vocabulary), exponentials: hidden.rows * vocabulary, hidden,
      exponentials, bytes: vocabulary * hidden.columns * bytesOfWeight
    ) {
      base.head(
        hidden, weights: weights, vocabulary: vocabulary, compute: compute, targets: targets,
        exponentials: exponentials, blockLargest: blockLargest, softCap: softCap, logSumExp: logSumExp,
        logProbabilities: logProbabilities, entropy: entropy)
    }
  }

  public func headGradient(
    exponentials: Tensor, vocabulary: Int, blockLargest: Tensor, softCap: Float?, targets: Tensor, logSumExp: Tensor,
    logProbabilities: Tensor, logProbabilityGradient: Tensor, logSumExpGradient: Tensor?
  ) {
    measure("output head backward", exponentials, exponentials) {
      base.headGradient(
        exponentials: exponentials, vocabulary: vocabulary, blockLargest: blockLargest, softCap: softCap,
        targets: targets, logSumExp: logSumExp, logProbabilities: logProbabilities,
        logProbabilityGradient: logProbabilityGradient, logSumExpGradient: logSumExpGradient)
    }
  }

  public func crossEntropyGradient(
    logSumExp: Tensor, weights: Tensor, total: Float, zLoss: Float, byLogProbability: Tensor, byLogSumExp: Tensor
  ) {
    measure("cross-entropy", logSumExp, weights, byLogProbability, byLogSumExp) {
      base.crossEntropyGradient(
        logSumExp: logSumExp, weights: weights, total: total, zLoss: zLoss, byLogProbability: byLogProbability,
        byLogSumExp: byLogSumExp)
    }
  }

  public func sumOfSquares(_ x: Tensor) -> Double {
    var result = 0.0
    measure("gradient norm", x) { result = base.sumOfSquares(x) }
    return result
  }

  public func fillZero(_ x: Tensor) {
    measure("zero gradients", x) { base.fillZero(x) }
  }
}

extension AttentionSpecification {
  /// Pairs of a query and a key that it may see by position, of all heads.
  fileprivate var scores: Int {
    let first = keyLength - queryLength
    let seen = (0..<queryLength).reduce(0) { sum, query in
      let keys = isCausal ? first + query + 1 : keyLength
      let own = chunk.map { (first + query) % $0 + 1 } ?? keys
      return sum + min(keys, min(own, window ?? keys) + keptFirstKeys)
    }
    return seen * sequences * heads
  }

  /// Multiplications and additions of scores and weighted values over those pairs.
  fileprivate var operations: Double { 2 * Double(scores * (headDimension + valueDimension)) }

  /// Bytes of the queries, keys and values.
  fileprivate func operandBytes(_ dtype: DType) -> Int {
    let queries = queryLength * heads * headDimension
    let keys = keyLength * keyValueHeads * (headDimension + valueDimension)
    return sequences * (queries + keys) * dtype.byteCount
  }
}
