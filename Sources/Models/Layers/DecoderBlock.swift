import Tensors

/// The residual stream between blocks: what has been added up, and what the last layer is about to add.
///
/// The addition is folded into the next norm where there is one, so it never passes through memory by itself.
public struct ResidualStream: Sendable {
  var sum: Variable
  var delta: Variable?

  var variables: [Variable] { [sum] + (delta.map { [$0] } ?? []) }

  init(_ variables: some Collection<Variable>) {
    let variables = Array(variables)
    sum = variables[0]
    delta = variables.count > 1 ? variables[1] : nil
  }

  init(sum: Variable, delta: Variable?) {
    (self.sum, self.delta) = (sum, delta)
  }
}

/// One block: a mixer, then a feed-forward layer, each with norms on what it reads, on what it gives, or both.
public struct DecoderBlock: Sendable {
  let mixer: any Mixer
  let mixerNorms: BranchNorms
  /// nil: the block ends with its mixer.
  let feedForward: (any FeedForwardLayer)?
  let feedForwardNorms: BranchNorms

  init(_ store: ParameterStore, layer: Int, configuration: ModelConfiguration) {
    let site = LayerSite(configuration, layer: layer)
    let names = site.names
    func norm(_ name: String?) -> Norm? { name.map { Norm(store, $0, configuration) } }
    let mixerKind = configuration.mixer(layer: layer), feedForwardKind = configuration.feedForward(layer: layer)
    let normsStream = configuration.normPlacement == .stream
    mixer = mixerKind.makeMixer(store, site)
    mixerNorms = BranchNorms(
      before: norm(mixerKind.readsStream ? nil : names.normBeforeAttention), after: norm(names.normAfterAttention),
      normsStream: normsStream, factors: configuration.mixerFactors[layer])
    feedForward = feedForwardKind.isNone ? nil : feedForwardKind.makeLayer(store, site)
    feedForwardNorms = BranchNorms(
      before: feedForwardKind.isNone ? nil : norm(names.normBeforeFeedForward),
      after: feedForwardKind.isNone ? nil : norm(names.normAfterFeedForward), normsStream: normsStream,
      factors: configuration.feedForwardFactors[layer])
  }

  /// Whole sequences.
  public func forward(_ stream: ResidualStream, _ context: SequenceContext, on tape: inout Tape) -> ResidualStream {
    apply(stream, on: &tape) { normed, tape in mixer.forward(normed, context, on: &tape) }
  }

  /// The next tokens of some sequences.
  public func step(
    _ stream: ResidualStream, _ context: StepContext, states: inout [any MixerState], on tape: inout Tape
  ) -> ResidualStream {
    apply(stream, on: &tape) { normed, tape in mixer.step(normed, context, states: &states, on: &tape) }
  }

  private func apply(
    _ stream: ResidualStream, on tape: inout Tape, mix: (Variable, inout Tape) -> Variable
  ) -> ResidualStream {
    let mixed = mixerNorms.apply(stream, on: &tape, mix)
    guard let feedForward else { return mixed }
    return feedForwardNorms.apply(mixed, on: &tape) { feedForward.forward($0, on: &$1) }
  }
}

/// The norms around one branch of a block, and how its result is added to the stream.
struct BranchNorms: Sendable {
  let before, after: Norm?
  /// Whether the stream goes on from the norm before.
  let normsStream: Bool
  let factors: ResidualFactors

  /// The stream after `branch`, whose result is still to be added.
  func apply(
    _ stream: ResidualStream, on tape: inout Tape, _ branch: (Variable, inout Tape) -> Variable
  ) -> ResidualStream {
    var residual: Variable
    let input: Variable
    if let before {
      (residual, input) = before(stream.sum, adding: stream.delta, on: &tape)
      if normsStream { residual = input }
    } else {
      residual = stream.delta.map { tape.add(stream.sum, $0) } ?? stream.sum
      input = residual
    }
    let output = branch(input, &tape)
    let delta = after.map { $0(output, on: &tape).normed } ?? output
    return factors.apply(ResidualStream(sum: residual, delta: delta), on: &tape)
  }
}
