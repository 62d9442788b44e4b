import Tensors

/// Softmax attention of one block: multi-head, grouped or multi-query by the number of key-value heads.
final class AttentionMixer: Mixer {
  let shape: AttentionShape
  let projection: WeightMatrix
  let projectionBias: WeightVector?
  let output: WeightMatrix
  let outputBias: WeightVector?
  let queryNorm: Parameter?
  let keyNorm: Parameter?
  let normIsOnePlus: Bool
  let normEpsilon: Float
  let sinks: Parameter?
  let slopes: Tensor?
  /// What is added to queries, keys and values.
  let adapter: LowRankMatrices?
  /// Of the positions within chunks.
  let dualChunkTable: RotaryEmbeddingCache?

  init(_ store: ParameterStore, _ site: LayerSite, _ shape: AttentionShape, adapter: LowRankMatrices? = nil) {
    let names = site.names
    self.shape = shape
    self.adapter = adapter
    projection = store.weights(names.projection)
    projectionBias = shape.hasBias ? store.biases(names.projection) : nil
    output = store.weights([names.output])
    outputBias = shape.hasOutputBias ? store.biases([names.output]) : nil
    func norm(_ name: String) -> Parameter? {
      guard let kind = shape.queryKeyNorm else { return nil }
      guard kind == .unit else { return store.required("\(name).weight") }
      let ones = Tensor([Float](repeating: 1, count: shape.headDimension), shape: [shape.headDimension], in: store.arena)
      return Parameter(name: name, master: ones, gradient: nil)
    }
    queryNorm = norm(names.queryNorm)
    keyNorm = norm(names.keyNorm)
    normIsOnePlus = site.configuration.norm == .rmsOnePlus && shape.queryKeyNorm != .unit
    normEpsilon = Float(site.configuration.normEpsilon)
    sinks = shape.hasSinks ? store.required(names.sinks) : nil
    slopes =
      shape.hasSlopes
      ? Tensor(AttentionShape.slopes(heads: shape.heads), shape: [shape.heads], in: store.arena) : nil
    dualChunkTable = shape.dualChunk.flatMap { _ in shape.rotary.map { RotaryEmbeddingCache($0, in: store.arena) } }
  }

  func forward(_ x: Variable, _ context: SequenceContext, on tape: inout Tape) -> Variable {
    var (qkv, gate) = project(x, on: &tape)
    var specification = shape.specification(
      sequences: context.sequences, queryLength: context.length, firstKeys: context.firstKeys, slopes: slopes)
    if let dual = shape.dualChunk, context.places.contains(where: { $0 >= dual.size }) {
      let places = context.places.map(Int.init)
      let documents = places.enumerated().map { $0 % context.length - $1 }
      let (parts, key, value) = dualParts(qkv, dual, places: places, documents: documents, on: &tape)
      return give(tape.attention(parts, key: key, value: value, specification), gate, on: &tape)
    }
    qkv = turn(qkv, places: context.places, positions: context.positions, table: context.rotaryTable, on: &tape)
    if let blocks = shape.blocks {
      let execution = tape.execution
      let means = execution.blockMeans(of: qkv.tensor, column: shape.queryWidth, specification, blocks)
      specification.chosenBlocks = execution.chosenBlocks(query: qkv.tensor, means: means, specification, blocks)
    }
    let mixed = tape.attention(qkv, specification, sinks: sinks)
    return give(mixed, gate, on: &tape)
  }

  func step(
    _ x: Variable, _ context: StepContext, states: inout [any MixerState], on tape: inout Tape
  ) -> Variable {
    var (projected, gate) = project(x, on: &tape)
    if let dual = shape.dualChunk {
      let mixed = dualStep(projected.tensor, dual, context, states: &states, on: &tape)
      return give(tape.variable(mixed), gate, on: &tape)
    }
    projected = turn(projected, places: context.places, positions: context.positions, table: context.rotaryTable, on: &tape)
    let qkv = projected.tensor
    let execution = tape.execution
    // The sequences' shares of the work need nothing of each other, but for memory, which is had before.
    var turns: [Turn] = []
    for (i, length) in context.lengths.enumerated() where length > 0 {
      guard var state = states[i] as? AttentionState else { preconditionFailure("the state of another mixer") }
      let first = turns.last?.rows.upperBound ?? 0
      let (before, places) = (state.count, state.extend(by: length, in: execution))
      turns.append(Turn(rows: first..<first + length, state: state, before: before, places: places))
      states[i] = state
    }
    let (keyColumn, valueColumn) = (shape.queryWidth, shape.queryWidth + shape.keyWidth)
    execution.backend.independently(turns.count) { [turns] i in
      turns[i].state.write(
        qkv[rows: turns[i].rows], keyColumn: keyColumn, valueColumn: valueColumn, at: turns[i].places, in: execution)
    }
    let specifications = turns.map { turn in
      var specification = shape.specification(
        sequences: 1, queryLength: turn.rows.count, keyLength: turn.state.held, slopes: slopes)
      specification.sinks = sinks?.master
      turn.state.updateMeans(since: turn.before, specification, in: execution)
      if let blocks = shape.blocks, let means = turn.state.means {
        specification.chosenBlocks = execution.chosenBlocks(
          query: qkv[rows: turn.rows], means: means, specification, blocks)
      }
      return specification
    }
    let mixed = execution.tensor([qkv.rows, shape.queryWidth])
    let logSumExp = execution.tensor([qkv.rows, shape.heads], .float32)
    execution.backend.independently(turns.count) { [turns] i in
      let turn = turns[i]
      execution.backend.attention(
        specifications[i], query: qkv[rows: turn.rows], key: turn.state.keys, value: turn.state.values,
        columns: AttentionColumns(), output: mixed[rows: turn.rows], logSumExp: logSumExp[rows: turn.rows],
        compute: execution.compute)
    }
    return give(tape.variable(mixed), gate, on: &tape)
  }

  /// What one of several sequences brings to a step.
  private struct Turn: Sendable {
    /// Its tokens' rows among those of all.
    let rows: Range<Int>
    /// With them.
    let state: AttentionState
    /// Tokens seen before.
    let before: Int
    /// Where the new keys and values go.
    let places: Range<Int>
  }

  /// Queries, keys and values side by side, normed, and the gate of what they give.
  private func project(_ x: Variable, on tape: inout Tape) -> (qkv: Variable, gate: Variable?) {
    var qkv = tape.linear(x, projection, bias: projectionBias)
    if let adapter { qkv = tape.add(qkv, adapter(x, on: &tape)) }
    var gate: Variable?
    if shape.hasOutputGate {
      let width = shape.headDimension
      let queries = (0..<shape.heads).map { ColumnSpan(column: 2 * $0 * width, count: width) }
      let gates = (0..<shape.heads).map { ColumnSpan(column: (2 * $0 + 1) * width, count: width) }
      let others = ColumnSpan(column: 2 * shape.queryWidth, count: 2 * shape.keyWidth)
      let parts = tape.columns(of: [qkv], [queries + [others], gates])
      (qkv, gate) = (parts[0], parts[1])
    }
    if let queryNorm, let keyNorm {
      qkv = tape.queryKeyNorm(
        qkv, queryWidth: shape.queryWidth, keyWidth: shape.keyWidth, queryWeight: queryNorm, keyWeight: keyNorm,
        onePlus: normIsOnePlus, epsilon: normEpsilon)
    }
    return (qkv, gate)
  }

  /// Queries and keys turned, queries sharpened.
  private func turn(
    _ qkv: Variable, places: [Int32], positions: Tensor, table: RotaryTable, on tape: inout Tape
  ) -> Variable {
    guard let rotary = shape.rotary else { return temper(qkv, places: places, on: &tape) }
    let heads = RotaryHeads(
      count: shape.heads + shape.keyValueHeads, dimension: shape.headDimension, isInterleaved: shape.isInterleaved)
    let turned = tape.rotary(qkv, heads: heads, positions: positions, table: table.table(rotary))
    return temper(turned, places: places, on: &tape)
  }

  /// Queries times what their positions ask for.
  private func temper(_ qkv: Variable, places: [Int32], on tape: inout Tape) -> Variable {
    guard let temperature = shape.temperature else { return qkv }
    let factors = places.map(temperature.factor)
    guard factors.contains(where: { $0 != 1 }) else { return qkv }
    let scale = tape.variable(Tensor(factors, shape: [factors.count, 1], in: tape.execution.arena))
    let parts = tape.split(qkv, [shape.queryWidth, 2 * shape.keyWidth])
    return tape.concatenate([tape.scaleHeads(parts[0], by: scale), parts[1]])
  }

  private func give(_ mixed: Variable, _ gate: Variable?, on tape: inout Tape) -> Variable {
    guard let gate else { return tape.linear(mixed, output, bias: outputBias) }
    return tape.linear(tape.gate(mixed, by: gate, .sigmoid), output, bias: outputBias)
  }
}
