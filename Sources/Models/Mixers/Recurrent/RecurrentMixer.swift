import Tensors

/// A mixer that sums the past up, written once for whole sequences and for their next tokens.
protocol RecurrentMixer: Mixer {
  /// Mixes the tokens of x `[tokens, hidden]`.
  func mix(_ x: Variable, _ run: RecurrentRun, on tape: inout Tape) -> Variable
}

extension RecurrentMixer {
  func forward(_ x: Variable, _ context: SequenceContext, on tape: inout Tape) -> Variable {
    mix(x, RecurrentRun(context), on: &tape)
  }

  func step(_ x: Variable, _ context: StepContext, states: inout [any MixerState], on tape: inout Tape) -> Variable {
    var own = states.map { state -> RecurrentState in
      guard let state = state as? RecurrentState else { preconditionFailure("the state of another mixer") }
      return state
    }
    for (i, length) in context.lengths.enumerated() where length > 0 { own[i].begin(length, in: tape.execution) }
    defer { states = own }
    return mix(x, RecurrentRun(context, own), on: &tape)
  }
}

/// A kind of such mixers.
protocol RecurrentKind: MixerKind {
  /// What its mixer remembers of one sequence.
  func memories(_ site: LayerSite) -> [MemoryShape]
}

extension RecurrentKind {
  public func makeState(capacity: Int, _ site: LayerSite, in execution: Execution) -> any MixerState {
    RecurrentState(memories(site), in: execution)
  }

  public func stateBytes(tokens: Int, _ site: LayerSite, compute: DType) -> Int {
    memories(site).reduce(0) { $0 + $1.byteCount(compute) }
  }

  /// Four for each number of the state forward, twice that backward.
  public func trainingOperationsPerToken(sequenceLength: Int, _ site: LayerSite) -> Double {
    memories(site).reduce(0) { $0 + ($1.isSum ? 12 * Double($1.shape.reduce(1, *)) : 0) }
  }
}
