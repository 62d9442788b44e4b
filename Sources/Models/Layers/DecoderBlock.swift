import Tensors

/// The residual stream between blocks: what has been added up, and what the last layer is about to add.
///
/// The addition is folded into the next norm, so it never passes through memory by itself.
public struct ResidualStream: Sendable {
  var sum: Variable
  var delta: Variable?

  var variables: [Variable] { [sum] + (delta.map { [$0] } ?? []) }

  init(_ variables: [Variable]) {
    sum = variables[0]
    delta = variables.count > 1 ? variables[1] : nil
  }
}

/// One pre-norm block: attention, then feed-forward.
public struct DecoderBlock: Sendable {
  let inputNorm: Parameter
  let mixer: AttentionMixer
  let postNorm: Parameter
  let feedForward: FeedForward
  let epsilon: Float

  init(_ store: ParameterStore, layer: Int, configuration: ModelConfiguration) {
    inputNorm = store.required("model.layers.\(layer).input_layernorm.weight")
    mixer = AttentionMixer(store, layer: layer, configuration: configuration)
    postNorm = store.required("model.layers.\(layer).post_attention_layernorm.weight")
    feedForward = FeedForward(store, layer: layer)
    epsilon = Float(configuration.normEpsilon)
  }

  /// Whole sequences.
  public func forward(_ stream: ResidualStream, _ context: SequenceContext, on tape: inout Tape) -> ResidualStream {
    apply(stream, on: &tape) { normed, tape in mixer.forward(normed, context, on: &tape) }
  }

  /// The next tokens of some sequences.
  public func step(
    _ stream: ResidualStream, _ context: StepContext, states: inout [AttentionState], on tape: inout Tape
  ) -> ResidualStream {
    apply(stream, on: &tape) { normed, tape in mixer.step(normed, context, states: &states, on: &tape) }
  }

  private func apply(
    _ stream: ResidualStream, on tape: inout Tape, mix: (Variable, inout Tape) -> Variable
  ) -> ResidualStream {
    let first = tape.addRMSNorm(stream.sum, stream.delta, inputNorm, epsilon: epsilon)
    let mixed = mix(first.normed, &tape)
    let second = tape.addRMSNorm(first.residual, mixed, postNorm, epsilon: epsilon)
    return ResidualStream([second.residual, feedForward.forward(second.normed, on: &tape)])
  }
}
