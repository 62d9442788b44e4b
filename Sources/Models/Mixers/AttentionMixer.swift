import Tensors

/// Softmax attention of one block: multi-head, grouped or multi-query by the number of key-value heads, with rotary
/// embedding or without.
public struct AttentionMixer: Mixer {
  let projection: WeightMatrix
  let projectionBias: WeightVector?
  let output: WeightMatrix
  let outputBias: WeightVector?
  let queryNorm: Parameter?
  let keyNorm: Parameter?
  let usesRope: Bool
  let usesLocalRope: Bool
  let window: Int?
  let scale: Float?
  let configuration: ModelConfiguration

  init(_ store: ParameterStore, _ site: LayerSite) {
    let names = site.names
    let layer = site.layer
    let configuration = site.configuration
    projection = store.weights(names.projection)
    projectionBias = configuration.queryKeyValueBias ? store.biases(names.projection) : nil
    output = store.weights([names.output])
    outputBias = configuration.attentionOutputBias ? store.biases([names.output]) : nil
    queryNorm = configuration.queryKeyNorm.map { _ in store.required("\(names.queryNorm).weight") }
    keyNorm = configuration.queryKeyNorm.map { _ in store.required("\(names.keyNorm).weight") }
    usesRope = configuration.usesRope(layer: layer)
    usesLocalRope = configuration.usesLocalRope(layer: layer)
    window = configuration.slidingWindow(layer: layer)
    scale = configuration.attentionScalar.map { 1 / Float($0).squareRoot() }
    self.configuration = configuration
  }

  /// Mixes whole sequences: x `[tokens, hidden]` to the same shape.
  public func forward(_ x: Variable, _ context: SequenceContext, on tape: inout Tape) -> Variable {
    let qkv = project(x, positions: context.positions, table: context.rotaryTable, on: &tape)
    let mixed = tape.attention(
      qkv,
      AttentionSpecification(
        sequences: context.sequences, queryLength: context.length, heads: configuration.headCount,
        keyValueHeads: configuration.keyValueHeadCount, headDimension: configuration.headDimension,
        scale: scale, window: window, firstKeys: context.firstKeys))
    return tape.linear(mixed, output, bias: outputBias, keptInput: true)
  }

  /// Mixes the next tokens of some sequences, whose earlier keys and values `states` hold, and adds theirs to them.
  public func step(
    _ x: Variable, _ context: StepContext, states: inout [any MixerState], on tape: inout Tape
  ) -> Variable {
    let qkv = project(x, positions: context.positions, table: context.rotaryTable, on: &tape).tensor
    let c = configuration
    let execution = tape.execution
    let mixed = execution.tensor([qkv.rows, c.headCount * c.headDimension])
    let logSumExp = execution.tensor([c.headCount, context.lengths.max() ?? 0], .float32)
    var row = 0
    for (i, length) in context.lengths.enumerated() where length > 0 {
      let query = qkv[rows: row..<row + length]
      guard var state = states[i] as? AttentionState else { preconditionFailure("the state of another mixer") }
      state.append(query, configuration: c)
      states[i] = state
      let specification = AttentionSpecification(
        sequences: 1, queryLength: length, keyLength: state.count, heads: c.headCount,
        keyValueHeads: c.keyValueHeadCount, headDimension: c.headDimension, scale: scale, window: window)
      execution.backend.attention(
        specification, query: query, key: state.keys, value: state.values, columns: AttentionColumns(),
        output: mixed[rows: row..<row + length], logSumExp: logSumExp, compute: execution.compute)
      row += length
    }
    return tape.linear(tape.variable(mixed), output, bias: outputBias)
  }

  private func project(_ x: Variable, positions: Tensor, table: RotaryTable, on tape: inout Tape) -> Variable {
    let c = configuration
    var qkv = tape.linear(x, projection, bias: projectionBias)
    if let queryNorm, let keyNorm {
      qkv = tape.queryKeyNorm(
        qkv, queryWidth: c.headCount * c.headDimension, keyWidth: c.keyValueHeadCount * c.headDimension,
        queryWeight: queryNorm, keyWeight: keyNorm, onePlus: c.norm == .rmsOnePlus, epsilon: Float(c.normEpsilon))
    }
    guard usesRope else { return qkv }
    return tape.rotary(
      qkv, heads: RotaryHeads(count: c.headCount + c.keyValueHeadCount, dimension: c.headDimension), positions: positions,
      table: table.table(local: usesLocalRope))
  }
}
