import Tensors

/// A mixer behind a transformer block that layers share.
struct SharedBlockMixer: Mixer {
  let attentionNorm, feedForwardNorm, mixerNorm: Norm
  let attention: AttentionMixer
  let feedForward: MLP
  /// From what the block gives to the mixer's input.
  let projection: WeightMatrix
  let mixer: any Mixer

  init(_ store: ParameterStore, _ site: LayerSite, _ kind: SharedBlock) {
    let at = SharedBlockPlace(kind, site)
    let names = at.block.names
    func norm(_ name: String?) -> Norm {
      guard let name else { preconditionFailure("norms stand before the branches") }
      return Norm(store, name, site.configuration)
    }
    attentionNorm = norm(names.normBeforeAttention)
    feedForwardNorm = norm(names.normBeforeFeedForward)
    mixerNorm = norm(at.own.names.normBeforeAttention)
    let adapters = at.adapters.map { LowRankMatrices(store, $0.names) }
    attention = AttentionMixer(
      store, at.block, AttentionShape(kind.attention, at.block), adapter: kind.adaptsAttention ? adapters[0] : nil)
    feedForward = MLP(store, MLPPlan(DenseFeedForward(), at.block), adapter: adapters.last)
    projection = store.weights(["\(site.name).linear"])
    mixer = kind.mixer.kind.makeMixer(store, at.own)
  }

  func forward(_ x: Variable, _ context: SequenceContext, on tape: inout Tape) -> Variable {
    mix(x, context.embedding, on: &tape) { i, x, tape in
      i == 0 ? attention.forward(x, context, on: &tape) : mixer.forward(x, context, on: &tape)
    }
  }

  func step(_ x: Variable, _ context: StepContext, states: inout [any MixerState], on tape: inout Tape) -> Variable {
    mix(x, context.embedding, on: &tape) { i, x, tape in
      ParallelState.step(part: i, of: &states) { states in
        i == 0
          ? attention.step(x, context, states: &states, on: &tape)
          : mixer.step(x, context, states: &states, on: &tape)
      }
    }
  }

  /// What `run` is called with: 0 for attention, then 1 for the mixer.
  private func mix(
    _ x: Variable, _ embedding: Variable?, on tape: inout Tape, _ run: (Int, Variable, inout Tape) -> Variable
  ) -> Variable {
    guard let embedding else { preconditionFailure("a mixer that reads the embeddings is given them") }
    let both = attentionNorm(tape.concatenate([x, embedding]), on: &tape).normed
    let attended = feedForwardNorm(run(0, both, &tape), on: &tape).normed
    let given = tape.linear(feedForward.forward(attended, on: &tape), projection)
    return run(1, mixerNorm(x, adding: given, on: &tape).normed, &tape)
  }
}
