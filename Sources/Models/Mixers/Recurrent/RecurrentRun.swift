import Tensors

/// Tokens that recurrences go over: those of whole sequences, whose documents each begin anew, or the next ones of some
/// sequences, whose pasts their states hold.
struct RecurrentRun {
  private let whole: SequenceContext?
  private let lengths: [Int]
  private let states: [RecurrentState]

  init(_ context: SequenceContext) {
    whole = context
    lengths = []
    states = []
  }

  init(_ context: StepContext, _ states: [RecurrentState]) {
    whole = nil
    lengths = context.lengths
    self.states = states
  }

  /// A causal convolution of each channel, and SiLU; memory number `memory` holds the rows before.
  func convolve(
    _ x: Variable, _ convolution: ShortConvolution, memory: Int, on tape: inout Tape
  ) -> Variable {
    func convolved(
      _ x: Variable, sequences: Int, length: Int, firstKeys: Tensor? = nil, history: Tensor? = nil, on tape: inout Tape
    ) -> Variable {
      tape.convolution(
        x, weight: convolution.weight, bias: convolution.bias, sequences: sequences, length: length,
        firstKeys: firstKeys, history: history)
    }
    if let whole {
      return convolved(
        x, sequences: whole.sequences, length: whole.length, firstKeys: whole.firstKeys, on: &tape)
    }
    return eachSequence([x], on: &tape) { i, x, tape in
      convolved(x[0], sequences: 1, length: lengths[i], history: states[i].memories[memory], on: &tape)
    }
  }

  /// Gated linear attention; memory number `memory` is the state.
  func attend(
    query: Variable, key: Variable, value: Variable, decay: Variable?, learnsDecay: Bool = true, _ heads: StateHeads,
    scale: Float, readsLast: Bool = false, memory: Int, on tape: inout Tape
  ) -> Variable {
    run([query, key, value] + (decay.map { [$0] } ?? []), heads, scale: scale, readsLast: readsLast, memory, on: &tape) {
      x, specification, state, tape in
      tape.linearAttention(
        query: x[0], key: x[1], value: x[2], decay: x.count > 3 ? x[3] : nil, learnsDecay: learnsDecay, specification,
        state: state)
    }
  }

  /// The gated delta rule; memory number `memory` is the state.
  func deltaRule(
    query: Variable, key: Variable, value: Variable, decay: Variable, beta: Variable, _ heads: StateHeads, scale: Float,
    memory: Int, on tape: inout Tape
  ) -> Variable {
    run([query, key, value, decay, beta], heads, scale: scale, memory, on: &tape) { x, specification, state, tape in
      tape.deltaRule(query: x[0], key: x[1], value: x[2], decay: x[3], beta: x[4], specification, state: state)
    }
  }

  /// Mamba's selective scan; memory number `memory` is the state.
  func selectiveScan(
    _ x: Variable, step: Variable, logRate: Parameter, key: Variable, query: Variable, memory: Int, on tape: inout Tape
  ) -> Variable {
    if let whole {
      return tape.selectiveScan(
        x, step: step, logRate: logRate, key: key, query: query, sequences: whole.sequences, length: whole.length,
        firstKeys: whole.firstKeys)
    }
    return eachSequence([x, step, key, query], on: &tape) { i, x, tape in
      tape.selectiveScan(
        x[0], step: x[1], logRate: logRate, key: x[2], query: x[3], sequences: 1, length: lengths[i],
        state: states[i].memories[memory])
    }
  }

  /// What stands before each row less the row itself, zero before a document; memory number `memory` is the last row.
  func difference(_ x: Variable, memory: Int, on tape: inout Tape) -> Variable {
    let width = x.tensor.columns
    let taps = (0..<width).flatMap { _ in [1, -1] as [Float] }
    let weight = Parameter(
      name: "difference", master: Tensor(taps, shape: [width, 2], in: tape.execution.arena), gradient: nil)
    if let whole {
      return tape.convolution(
        x, weight: weight, bias: nil, sequences: whole.sequences, length: whole.length, hasSiLU: false,
        firstKeys: whole.firstKeys)
    }
    return eachSequence([x], on: &tape) { i, x, tape in
      tape.convolution(
        x[0], weight: weight, bias: nil, sequences: 1, length: lengths[i], hasSiLU: false,
        history: states[i].memories[memory])
    }
  }

  /// The gates of an mLSTM within bounds; memory number `memory` holds the last bounds.
  func boundedGates(
    logInput: Variable, logForget: Variable, memory: Int, on tape: inout Tape
  ) -> (decay: Variable, input: Variable, bounds: Tensor) {
    if let whole {
      return tape.boundedGates(
        logInput: logInput, logForget: logForget, length: whole.length, firstKeys: whole.firstKeys)
    }
    let heads = logInput.tensor.columns
    let all = eachSequence([logInput, logForget], on: &tape) { i, x, tape in
      let gates = tape.boundedGates(
        logInput: x[0], logForget: x[1], length: lengths[i],
        last: (states[i].memories[memory], isEmpty: states[i].count == lengths[i]))
      return tape.concatenate([gates.decay, gates.input, tape.variable(gates.bounds)])
    }
    let parts = tape.split(all, [heads, heads, heads])
    return (parts[0], parts[1], parts[2].tensor)
  }

  /// Cosines and sines of angles that add up; memory number `memory` holds the last sums.
  func rotations(_ angles: Variable, memory: Int, on tape: inout Tape) -> (cosines: Variable, sines: Variable) {
    if let whole { return tape.rotations(angles, length: whole.length, firstKeys: whole.firstKeys) }
    let width = angles.tensor.columns
    let both = eachSequence([angles], on: &tape) { i, x, tape in
      let turned = tape.rotations(x[0], length: lengths[i], last: states[i].memories[memory])
      return tape.concatenate([turned.cosines, turned.sines])
    }
    let parts = tape.split(both, [width, width])
    return (parts[0], parts[1])
  }

  private func run(
    _ inputs: [Variable], _ heads: StateHeads, scale: Float, readsLast: Bool = false, _ memory: Int, on tape: inout Tape,
    _ body: ([Variable], LinearAttentionSpecification, Tensor?, inout Tape) -> Variable
  ) -> Variable {
    func specification(_ sequences: Int, _ length: Int, _ firstKeys: Tensor?) -> LinearAttentionSpecification {
      LinearAttentionSpecification(
        sequences: sequences, length: length, heads: heads.count, keyHeads: heads.keyHeads,
        keyDimension: heads.keyDimension, valueDimension: heads.valueDimension, scale: scale, readsLast: readsLast,
        firstKeys: firstKeys)
    }
    if let whole { return body(inputs, specification(whole.sequences, whole.length, whole.firstKeys), nil, &tape) }
    return eachSequence(inputs, on: &tape) { i, x, tape in
      body(x, specification(1, lengths[i], nil), states[i].memories[memory], &tape)
    }
  }

  /// Runs `body` over the rows of each sequence that has any, and puts its results one after another.
  private func eachSequence(
    _ inputs: [Variable], on tape: inout Tape, _ body: (Int, [Variable], inout Tape) -> Variable
  ) -> Variable {
    if lengths.count == 1, lengths[0] > 0 { return body(0, inputs, &tape) }
    let tensors = inputs.map(\.tensor)
    let total = lengths.reduce(0, +)
    var joined: Tensor?
    var row = 0
    for (i, length) in lengths.enumerated() where length > 0 {
      let rows = tensors.map { tape.variable($0[rows: row..<row + length]) }
      let part = body(i, rows, &tape).tensor
      let into = joined ?? tape.execution.tensor([total, part.columns], part.dtype)
      joined = into
      tape.execution.backend.copy(part, into: into[rows: row..<row + length])
      row += length
    }
    return joined.map { tape.variable($0) } ?? inputs[0]
  }
}

/// Heads with a state `[keyDimension, valueDimension]` each; `keyHeads` of queries and keys serve them all.
struct StateHeads: Hashable, Sendable {
  var count: Int
  var keyHeads: Int
  var keyDimension: Int
  var valueDimension: Int

  var keyWidth: Int { keyHeads * keyDimension }
  var valueWidth: Int { count * valueDimension }
  /// What is remembered of a sequence.
  var memory: MemoryShape { .sum(count, keyDimension, valueDimension) }
}
