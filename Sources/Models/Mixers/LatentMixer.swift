import Tensors

/// Latent attention of one block. Whole sequences get keys and values for each head; steps leave them compressed and put
/// the matrices that would expand them into queries and results instead ("absorbed").
struct LatentMixer: Mixer {
  let kind: LatentAttention
  let heads: Int
  let rotary: RotaryEmbedding
  let isInterleaved: Bool
  let scale: Float
  let input: WeightMatrix
  let inputBias: WeightVector?
  let queryNorm: Parameter?
  let query: WeightMatrix?
  let norm: Parameter
  let up: WeightMatrix
  /// Of each head, the rows of `up` that make its keys and its values.
  let keyParts, valueParts: [WeightMatrix]
  let output: WeightMatrix
  let outputBias: WeightVector?

  init(_ store: ParameterStore, _ site: LayerSite, _ kind: LatentAttention) {
    let names = kind.names(site)
    let c = site.configuration
    self.kind = kind
    heads = kind.heads(site)
    rotary = kind.rotary(site)
    isInterleaved = c.ropeInterleaved
    var scale = 1 / Double(kind.headWidth).squareRoot()
    if case .yarn(let yarn)? = c.ropeScaling, let mscale = yarn.mscaleAllDimensions, mscale != 0 {
      scale *= yarn.magnitude(mscale) * yarn.magnitude(mscale)
    }
    self.scale = Float(scale)
    let hasLatent = kind.queryRank != nil
    let inputs = [hasLatent ? names.queryDown : names.query, names.down]
    input = store.weights(inputs)
    inputBias = hasLatent && c.queryKeyValueBias ? store.biases(inputs) : nil
    queryNorm = hasLatent ? store.required("\(names.queryNorm).weight") : nil
    query = hasLatent ? store.weights([names.query]) : nil
    norm = store.required("\(names.norm).weight")
    up = store.weights([names.up])
    let rows = kind.plainWidth + kind.valueWidth
    keyParts = (0..<heads).map { store.rows($0 * rows..<$0 * rows + kind.plainWidth, of: names.up) }
    valueParts = (0..<heads).map { store.rows($0 * rows + kind.plainWidth..<($0 + 1) * rows, of: names.up) }
    output = store.weights([names.output])
    outputBias = c.attentionOutputBias ? store.biases([names.output]) : nil
  }

  func forward(_ x: Variable, _ context: SequenceContext, on tape: inout Tape) -> Variable {
    let (queries, latent, turned) = project(x, context.positions, context.rotaryTable, on: &tape)
    let expanded = tape.linear(latent, up)
    let (plain, value) = (kind.plainWidth, kind.valueWidth)
    let rows = plain + value
    let shared = ColumnSpan(1, column: 0, count: kind.turnedWidth)
    let parts = tape.columns(
      of: [expanded, turned],
      [
        (0..<heads).flatMap { [ColumnSpan(column: $0 * rows, count: plain), shared] },
        (0..<heads).map { ColumnSpan(column: $0 * rows + plain, count: value) },
      ])
    let specification = AttentionSpecification(
      sequences: context.sequences, queryLength: context.length, heads: heads, keyValueHeads: heads,
      headDimension: kind.headWidth, valueDimension: value, scale: scale, firstKeys: context.firstKeys)
    let mixed = tape.attention(query: queries, key: parts[0], value: parts[1], specification)
    return tape.linear(mixed, output, bias: outputBias, keptInput: true)
  }

  func step(
    _ x: Variable, _ context: StepContext, states: inout [any MixerState], on tape: inout Tape
  ) -> Variable {
    let (queries, latent, turned) = project(x, context.positions, context.rotaryTable, on: &tape)
    let (rank, width) = (kind.latentRank, kind.latentRank + kind.turnedWidth)
    let memory = tape.columns(
      of: [latent, turned],
      [[ColumnSpan(0, column: 0, count: rank), ColumnSpan(1, column: 0, count: kind.turnedWidth)]])[0]
    let absorbed = absorb(queries, on: &tape)
    let execution = tape.execution
    let mixed = execution.tensor([x.tensor.rows, heads * rank])
    let logSumExp = execution.tensor([heads, context.lengths.max() ?? 0], .float32)
    var row = 0
    for (i, length) in context.lengths.enumerated() where length > 0 {
      guard var state = states[i] as? AttentionState else { preconditionFailure("the state of another mixer") }
      state.append(memory.tensor[rows: row..<row + length], keyColumn: 0, valueColumn: 0, in: execution)
      states[i] = state
      let specification = AttentionSpecification(
        sequences: 1, queryLength: length, keyLength: state.count, heads: heads, keyValueHeads: 1,
        headDimension: width, valueDimension: rank, scale: scale)
      // A token's value is the first part of its key.
      execution.backend.attention(
        specification, query: absorbed.tensor[rows: row..<row + length], key: state.keys, value: state.keys,
        columns: AttentionColumns(), output: mixed[rows: row..<row + length], logSumExp: logSumExp,
        compute: execution.compute)
      row += length
    }
    return tape.linear(expand(tape.variable(mixed), on: &tape), output, bias: outputBias)
  }

  /// Queries of all heads, their last elements turned; the latent, normed; the turned key of all heads.
  private func project(
    _ x: Variable, _ positions: Tensor, _ table: RotaryTable, on tape: inout Tape
  ) -> (queries: Variable, latent: Variable, turned: Variable) {
    let first = kind.queryRank ?? heads * kind.headWidth
    let parts = tape.columns(
      of: [tape.linear(x, input, bias: inputBias)],
      [
        [ColumnSpan(column: 0, count: first)], [ColumnSpan(column: first, count: kind.latentRank)],
        [ColumnSpan(column: first + kind.latentRank, count: kind.turnedWidth)],
      ])
    func normed(_ x: Variable, _ weight: Parameter) -> Variable {
      // The published model's norms of latents have an epsilon of their own.
      tape.addRMSNorm(x, nil, weight, epsilon: 1e-6).normed
    }
    var queries = parts[0]
    if let query, let queryNorm { queries = tape.linear(normed(queries, queryNorm), query) }
    let table = table.table(rotary)
    let heads = RotaryHeads(
      column: kind.plainWidth, count: heads, dimension: kind.headWidth, isInterleaved: isInterleaved)
    let one = RotaryHeads(count: 1, dimension: kind.turnedWidth, isInterleaved: isInterleaved)
    queries = tape.rotary(queries, heads: heads, positions: positions, table: table)
    let turned = tape.rotary(parts[2], heads: one, positions: positions, table: table)
    return (queries, normed(parts[1], norm), turned)
  }

  /// Queries whose first part asks latents, not keys: for each head `[latentRank + turnedWidth]`.
  private func absorb(_ queries: Variable, on tape: inout Tape) -> Variable {
    let plain = tape.columns(
      of: [queries], (0..<heads).map { [ColumnSpan(column: $0 * kind.headWidth, count: kind.plainWidth)] })
    let asked = zip(plain, keyParts).map { tape.product($0, $1) }
    return tape.columns(
      of: asked + [queries],
      [
        (0..<heads).flatMap {
          [
            ColumnSpan($0, column: 0, count: kind.latentRank),
            ColumnSpan(heads, column: $0 * kind.headWidth + kind.plainWidth, count: kind.turnedWidth),
          ]
        }
      ])[0]
  }

  /// Each head's mixed latents as values.
  private func expand(_ mixed: Variable, on tape: inout Tape) -> Variable {
    let latents = tape.columns(
      of: [mixed], (0..<heads).map { [ColumnSpan(column: $0 * kind.latentRank, count: kind.latentRank)] })
    let values = zip(latents, valueParts).map { tape.linear($0, $1) }
    return tape.columns(of: values, [(0..<heads).map { ColumnSpan($0, column: 0, count: kind.valueWidth) }])[0]
  }
}
