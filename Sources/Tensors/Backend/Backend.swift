/// What a device can compute: the seam behind which the CPU stands and a GPU fits.
///
/// Every function writes into tensors that the caller made; none allocates a result or reads a value back to the
/// host, but those that return one. A device works through them in the order of the calls. Shapes are the operations'
/// business: a backend trusts them.
public protocol Backend: OptimizerBackend, RecurrenceBackend, GateBackend {
  /// An empty arena of the memory that the device computes in.
  func makeArena() -> Arena
  /// Bytes of its own memory that this process has taken; nil where it computes in the host's.
  var deviceBytes: Int? { get }
  /// Waits until all that was begun is done.
  func synchronize()
  /// Has `work` do every piece below `count`, of which none needs another or writes what another one does; it may call this
  /// backend. A device that one piece does not keep busy works at several at a time.
  func independently(_ count: Int, _ work: @Sendable (Int) -> Void)
  /// output = the elements of x, which has its type and count.
  func copy(_ x: Tensor, into output: Tensor)

  /// Tokens, inputs and outputs of a layer whose product fills the device.
  var fullProduct: (rows: Int, inputs: Int, outputs: Int) { get }

  /// Whether a matrix is packed for one product alone, in another order than it is stored in. Where not, one packed form of
  /// weights serves all products, and what has the type of the computation need not be packed.
  var packsByProduct: Bool { get }
  /// Bytes that ``pack(_:transposed:compute:into:at:)`` needs for a right operand `[depth, columns]`.
  func packedByteCount(depth: Int, columns: Int, compute: DType) -> Int
  /// Packs `matrix` `[depth, columns]` (stored `[columns, depth]` if `transposed`) as a right operand.
  /// - Parameter byteOffset: where in `packed` it goes: a wider operand may be packed in parts, a multiple of 256 columns
  ///   each and one after another.
  func pack(_ matrix: Tensor, transposed: Bool, compute: DType, into packed: Storage, at byteOffset: Int)
  /// output `[m, n]` = left `[m, k]` x packed `[k, n]`, added to what is there if `accumulate` (float32 only).
  /// `leftTransposed`: left is stored `[k, m]`.
  func multiply(
    _ left: Tensor, leftTransposed: Bool, packed: PackedMatrix, compute: DType, into output: Tensor, accumulate: Bool)

  /// output `[rows, outputs]` = x `[rows, inputs]` times the transpose of W, whose packed form `[inputs, outputs]` is
  /// `weights`; x is also packed as a right operand `[rows, inputs]` into `packedInput`, for the backward pass.
  /// Only called where matrices are packed by product.
  func linear(_ x: Tensor, weights: PackedMatrix, compute: DType, into output: Tensor, packedInput: Storage)
  /// The backward pass of y = x times the transpose of W: inputGradient `[rows, inputs]` = outputGradient
  /// `[rows, outputs]` x W `[outputs, inputs]`, and weightGradient (float32, like W) = outputGradient transposed x
  /// x `[rows, inputs]`, added to what is there if `accumulate`. `weights` is W and `input` is x packed. An
  /// outputGradient may have more columns than W has rows, as ``headColumns(vocabulary:compute:)`` gives; the rest is
  /// left out.
  func linearBackward(
    outputGradient: Tensor, weights: RightOperand, input: PackedMatrix, compute: DType, inputGradient: Tensor,
    weightGradient: Tensor, accumulate: Bool)

  /// Bytes of weights `[outputs, inputs]` packed in blocks of eight bits; inputs are a multiple of 32.
  func q8ByteCount(inputs: Int, outputs: Int) -> Int
  /// Rounds weights float32 `[outputs, inputs]` to blocks of eight bits (GGUF's Q8_0) and packs them.
  /// - Parameter byteOffset: where in `packed` they go, for parts of a multiple of 256 outputs each.
  func packQ8(_ weights: Tensor, into packed: Storage, at byteOffset: Int)
  /// Replaces float32 weights, a multiple of 32, by what those blocks hold of them.
  func roundToQ8(_ weights: Tensor)
  /// output `[rows, outputs]` = x `[rows, inputs]` times the transpose of weights packed so.
  func multiplyQ8(_ x: Tensor, packed: Storage, into output: Tensor)

  /// x `[rows, columns]` += bias `[columns]`.
  func addBias(_ bias: Tensor, to x: Tensor)
  /// biasGradient += the sum over the rows of outputGradient.
  func biasBackward(outputGradient: Tensor, biasGradient: Tensor)

  /// output = a + b.
  func add(_ a: Tensor, _ b: Tensor, into output: Tensor)
  /// output = e^x, both float32, as finely as a softmax computed in `compute` needs it; x is at most 0.
  func exponential(_ x: Tensor, compute: DType, into output: Tensor)
  /// output = x in the output's type.
  func convert(_ x: Tensor, into output: Tensor)

  /// output = scale times the rows of table that ids choose.
  func embedding(ids: Tensor, table: Tensor, scale: Float, into output: Tensor)
  func embeddingBackward(ids: Tensor, outputGradient: Tensor, scale: Float, tableGradient: Tensor)

  /// sum = x + delta (x itself where delta is nil), output = sum * rstd * weight, or * (1 + weight) if `onePlus`.
  func rmsNorm(
    _ x: Tensor, delta: Tensor?, weight: Tensor, onePlus: Bool, epsilon: Float, sum: Tensor, output: Tensor,
    rstd: Tensor)
  func rmsNormBackward(
    sum: Tensor, weight: Tensor, onePlus: Bool, rstd: Tensor, outputGradient: Tensor, residualGradient: Tensor?,
    sumGradient: Tensor, weightGradient: Tensor?)
  /// RMSNorm of each head in the `heads * dimension` columns from `columnOffset` on.
  func headNorm(
    _ x: Tensor, columnOffset: Int, heads: Int, dimension: Int, weight: Tensor, onePlus: Bool, epsilon: Float,
    output: Tensor, rstd: Tensor)
  func headNormBackward(
    _ x: Tensor, columnOffset: Int, heads: Int, dimension: Int, weight: Tensor, onePlus: Bool, rstd: Tensor,
    outputGradient: Tensor, inputGradient: Tensor, weightGradient: Tensor?)
  /// sum = x + delta (x itself where delta is nil), output = LayerNorm of it.
  func layerNorm(
    _ x: Tensor, delta: Tensor?, weight: Tensor, bias: Tensor, epsilon: Float, sum: Tensor, output: Tensor,
    statistics: Tensor)
  func layerNormBackward(
    sum: Tensor, weight: Tensor, statistics: Tensor, outputGradient: Tensor, residualGradient: Tensor?,
    sumGradient: Tensor, weightGradient: Tensor?, biasGradient: Tensor?)

  /// Turns heads in place: of each the first elements, as many as a row of `table` `[positions, 2, pairs]` has.
  func rotary(_ x: Tensor, heads: RotaryHeads, positions: Tensor, table: Tensor, inverse: Bool)

  func attention(
    _ specification: AttentionSpecification, query: Tensor, key: Tensor, value: Tensor, columns: AttentionColumns,
    output: Tensor, logSumExp: Tensor, compute: DType)
  func attentionBackward(
    _ specification: AttentionSpecification, query: Tensor, key: Tensor, value: Tensor, columns: AttentionColumns,
    output: Tensor, logSumExp: Tensor, outputGradient: Tensor, queryGradient: Tensor, keyGradient: Tensor,
    valueGradient: Tensor, compute: DType)
  /// sinkGradient float32 `[heads]` += the gradient of the specification's sinks.
  func attentionSinkGradient(
    _ specification: AttentionSpecification, output: Tensor, logSumExp: Tensor, outputGradient: Tensor,
    sinkGradient: Tensor)
  /// Joins attention over parts of the keys to that over all.
  func mergeAttention(
    _ specification: AttentionSpecification, _ parts: [(output: Tensor, logSumExp: Tensor)], output: Tensor,
    logSumExp: Tensor)
  /// means float32 `[sequences, blocks, keyValueHeads * headDimension]` = the mean key of each whole block from
  /// `firstBlock` on, of the keys in columns from `column` on. Blocks begin with documents; that of a document which begins at
  /// key f stands in row `(f + b * size) / size`.
  func blockMeans(
    _ specification: AttentionSpecification, _ selection: BlockSelection, key: Tensor, column: Int,
    from firstBlock: Int, into means: Tensor)
  /// The blocks that queries in the first columns of `query` choose; see ``ChosenBlocks``.
  func chooseBlocks(
    _ specification: AttentionSpecification, _ selection: BlockSelection, query: Tensor, means: Tensor, into bits: Tensor)

  func swiGLU(_ gateUp: Tensor, output: Tensor)
  func swiGLUBackward(_ gateUp: Tensor, outputGradient: Tensor, inputGradient: Tensor)
  func geGLU(_ gateUp: Tensor, output: Tensor)
  func geGLUBackward(_ gateUp: Tensor, outputGradient: Tensor, inputGradient: Tensor)
  func gelu(_ x: Tensor, output: Tensor)
  func geluBackward(_ x: Tensor, outputGradient: Tensor, inputGradient: Tensor)
  /// output = the activation of x, times its row's weight (float32 `[rows]`; nil: 1).
  func activate(_ kind: RowActivation, _ x: Tensor, weights: Tensor?, output: Tensor)
  func activateBackward(
    _ kind: RowActivation, _ x: Tensor, weights: Tensor?, outputGradient: Tensor, inputGradient: Tensor,
    weightsGradient: Tensor?)

  /// The experts of each token: scores float32 `[tokens, experts]` of the logits, logSumExp of them, the `chosen` best by
  /// score + choiceBias int32 `[tokens, chosen]`, and their weights, float32 like them.
  func route(
    _ specification: RouterSpecification, logits: Tensor, choiceBias: Tensor?, scores: Tensor, logSumExp: Tensor,
    chosen: Tensor, weights: Tensor)
  /// - Parameters:
  ///   - shareGradient: what a loss gains by an expert's share of a token's scores, float32 `[experts]`; nil: nothing.
  ///   - zScale: twice the factor of the square of logSumExp in the loss.
  func routeBackward(
    _ specification: RouterSpecification, logits: Tensor, scores: Tensor, logSumExp: Tensor, chosen: Tensor,
    weightsGradient: Tensor, shareGradient: Tensor?, zScale: Float, logitsGradient: Tensor)
  /// Sorts the choices int32 `[tokens, chosen]` by expert: places of each choice, and sources, whose token each row is,
  /// both int32 with as many elements. Returns where each expert's rows begin, and the end: it is the host that decides
  /// what is multiplied.
  func sortChoices(_ chosen: Tensor, experts: Int, places: Tensor, sources: Tensor) -> [Int]
  /// What is reported of a router's load: each expert's share of a token's scores, summed over the tokens, and the sum of
  /// the squares of logSumExp.
  func routerSums(scores: Tensor, logSumExp: Tensor) -> (shares: [Double], squaredLogSumExp: Double)
  /// output[places[i]] = x[i], both float32 with as many elements as places.
  func scatter(_ x: Tensor, to places: Tensor, output: Tensor)
  /// output[i] = x[places[i]].
  func gather(_ x: Tensor, from places: Tensor, output: Tensor)
  /// Row r of output is row `sources[r]` of x.
  func gatherRows(_ x: Tensor, sources: Tensor, output: Tensor)
  /// Row t of output is the sum of the rows `places[t, ...]` of x, in order.
  func combineRows(_ x: Tensor, places: Tensor, output: Tensor)
  /// output = x times the sigmoid of its row's gate `[rows, 1]`.
  func gateRows(_ x: Tensor, gate: Tensor, output: Tensor)
  func gateRowsBackward(
    _ x: Tensor, gate: Tensor, outputGradient: Tensor, inputGradient: Tensor, gateGradient: Tensor)
  /// output = the rows of x from `offsets[g]` up to `offsets[g + 1]` times the transpose of group g's weights, packed as a
  /// right operand; nil where the group has no rows.
  func groupedLinear(_ x: Tensor, offsets: [Int], weights: [PackedMatrix?], compute: DType, output: Tensor)
  /// inputGradient, and each group's weightGradient += (nil: none).
  func groupedLinearBackward(
    outputGradient: Tensor, offsets: [Int], weights: [PackedMatrix?], input: Tensor, compute: DType, inputGradient: Tensor,
    weightGradients: [Tensor?])
  /// Each group's rows of x += its bias, times the row's weight (float32 `[rows]`; nil: 1).
  func groupedBias(_ biases: [Tensor], offsets: [Int], weights: Tensor?, to x: Tensor)
  /// Gradients of the biases += (nil: none), and of the weights +=.
  func groupedBiasBackward(
    _ biases: [Tensor], offsets: [Int], weights: Tensor?, outputGradient: Tensor, biasGradients: [Tensor?],
    weightsGradient: Tensor?)

  /// output = the columns of `inputs` that `spans` list, side by side.
  func gatherColumns(of inputs: [Tensor], _ spans: [ColumnSpan], into output: Tensor)
  /// Each column of output = the sum of those that stand for it: `span`'s columns lie at `column` of `from`.
  func sumColumns(_ spans: [(from: Tensor, column: Int, span: ColumnSpan)], into output: Tensor)

  /// Blocks in which ``head(_:weights:vocabulary:compute:targets:exponentials:blockLargest:softCap:logSumExp:logProbabilities:entropy:)``
  /// takes a vocabulary.
  func headBlockCount(vocabulary: Int) -> Int
  /// Tokens that go through the head at a time where a gradient is wanted, which keeps their exponentials.
  func headRows(vocabulary: Int, compute: DType) -> Int
  /// Columns, at least the vocabulary's, with which their exponentials `[tokens, columns]` are quickest to go on with;
  /// what those past it hold is undefined.
  func headColumns(vocabulary: Int, compute: DType) -> Int
  /// Log-softmax of the logits hidden x weights, a right operand `[width, vocabulary]` or the plain matrix `[vocabulary,
  /// width]`; logits are never all in memory.
  /// - Parameters:
  ///   - targets: int32 `[tokens]`; a negative one has log-probability 0.
  ///   - exponentials: for the backward pass, `[tokens, vocabulary]` or with `headColumns`: e^(logit - largest of its
  ///     block).
  ///   - blockLargest: float32 `[blocks, tokens]`.
  ///   - softCap: logits x become `softCap * tanh(x / softCap)`.
  func head(
    _ hidden: Tensor, weights: RightOperand, vocabulary: Int, compute: DType, targets: Tensor, exponentials: Tensor?,
    blockLargest: Tensor, softCap: Float?, logSumExp: Tensor, logProbabilities: Tensor, entropy: Tensor?)
  /// Turns the exponentials of ``head(_:weights:vocabulary:compute:targets:exponentials:blockLargest:softCap:logSumExp:logProbabilities:entropy:)``
  /// into the gradient of the logits.
  func headGradient(
    exponentials: Tensor, vocabulary: Int, blockLargest: Tensor, softCap: Float?, targets: Tensor, logSumExp: Tensor,
    logProbabilities: Tensor, logProbabilityGradient: Tensor, logSumExpGradient: Tensor?)

  /// The gradients, float32 `[tokens]`, of a mean cross-entropy with z-loss by the log-probability of each token,
  /// -weight / total, and by its log-sum-exp, 2 * zLoss * logSumExp * weight / total.
  func crossEntropyGradient(
    logSumExp: Tensor, weights: Tensor, total: Float, zLoss: Float, byLogProbability: Tensor, byLogSumExp: Tensor)

  /// Sum of squares, in double.
  func sumOfSquares(_ x: Tensor) -> Double
  func fillZero(_ x: Tensor)
}

extension Backend {
  public func independently(_ count: Int, _ work: @Sendable (Int) -> Void) { (0..<count).forEach(work) }

  /// Packs a whole right operand.
  @discardableResult
  public func pack(_ matrix: Tensor, transposed: Bool, compute: DType, into packed: Storage) -> PackedMatrix {
    pack(matrix, transposed: transposed, compute: compute, into: packed, at: 0)
    return PackedMatrix(storage: packed, isTransposed: transposed)
  }
}
