import Tensors

/// A decoder-only transformer over a store of parameters.
public struct DecoderModel: Sendable {
  /// Its shape.
  public let configuration: ModelConfiguration
  /// Its weights.
  public let store: ParameterStore
  /// The head, whose matrix is the embedding's where the two are tied.
  public let head: HeadWeights
  let embedding: Parameter
  let positions: Parameter?
  let blocks: [DecoderBlock]
  let finalNorm: Norm
  let rotary: RotaryCache

  /// A model over a new store in the memory of a device; its weights are undefined until they are initialised or loaded.
  public init(
    _ configuration: ModelConfiguration, trainable: Bool, scheme: InitializationScheme = .init(),
    on backend: any Backend = CPUBackend()
  ) {
    self.init(
      configuration, store: ParameterStore(configuration.declarations(scheme), trainable: trainable, on: backend))
  }

  /// A model over an existing store, whose declarations must be this configuration's.
  public init(_ configuration: ModelConfiguration, store: ParameterStore) {
    self.configuration = configuration
    self.store = store
    let names = configuration.family.kind.names
    embedding = store.required("\(names.embedding).weight")
    positions = configuration.positions == .learned ? store.required("\(names.positions).weight") : nil
    head = HeadWeights(
      store.weights([configuration.tiedEmbeddings ? names.embedding : names.head]),
      softCap: configuration.logitSoftCap.map { Float($0) })
    blocks = (0..<configuration.layerCount).map { DecoderBlock(store, layer: $0, configuration: configuration) }
    finalNorm = Norm(store, names.finalNorm, configuration)
    rotary = RotaryCache(configuration, in: store.arena)
  }

  /// Hidden states after the final norm, as the head reads them, `[tokens, hidden]`, of whole sequences.
  /// - Parameters:
  ///   - tokens: int32 `[sequences * length]`, each below the vocabulary's size.
  ///   - recompute: keep only each block's input and run the block again in the backward pass.
  public func hiddenStates(
    _ tokens: Tensor, _ context: SequenceContext, recompute: Bool = false, on tape: inout Tape
  ) -> Variable {
    var stream = embedded(tokens, at: context.positions, places: context.places, on: &tape)
    let embedding = readsEmbedding ? [stream.sum] : []
    for block in blocks {
      func forward(_ inputs: [Variable], on tape: inout Tape) -> ResidualStream {
        var context = context
        context.embedding = embedding.isEmpty ? nil : inputs.last
        return block.forward(ResidualStream(inputs.dropLast(embedding.count)), context, on: &tape)
      }
      if recompute {
        stream = ResidualStream(
          tape.recomputed(stream.variables + embedding) { tape, inputs in forward(inputs, on: &tape).variables })
      } else {
        stream = forward(stream.variables + embedding, on: &tape)
      }
    }
    return normed(stream, on: &tape)
  }

  /// What stands on the residual stream before each block and after the last, `[tokens, hidden]` each: how large
  /// activations are, by depth.
  public func residualStreams(_ tokens: Tensor, _ context: SequenceContext, in execution: Execution) -> [Tensor] {
    var tape = Tape(execution, recording: false)
    var stream = embedded(tokens, at: context.positions, places: context.places, on: &tape)
    func sum(_ stream: ResidualStream) -> Tensor { (stream.delta.map { tape.add(stream.sum, $0) } ?? stream.sum).tensor }
    return [sum(stream)]
      + blocks.map { block in
        stream = block.forward(stream, context, on: &tape)
        return sum(stream)
      }
  }

  /// Hidden states of the next tokens of one sequence, whose past `state` holds.
  public func step(_ tokens: [Int32], state: inout DecoderState, in execution: Execution) -> Tensor {
    var states = [state]
    let hidden = step([tokens], states: &states, in: execution)
    state = states[0]
    return hidden
  }

  /// Hidden states of the next tokens of several sequences, each with a past of its own: `[tokens of all, hidden]`,
  /// one sequence after another. The weights are read once for all of them. States grow as they need to.
  public func step(_ tokens: [[Int32]], states: inout [DecoderState], in execution: Execution) -> Tensor {
    precondition(tokens.count == states.count && !states.isEmpty, "one state for each sequence")
    var tape = Tape(execution, recording: false)
    for i in states.indices { states[i].reserve(states[i].count + tokens[i].count, in: execution) }
    // States that do not grow have room for any text.
    let table = rotary.table(
      positions: zip(states, tokens).reduce(1) { most, sequence in
        let (state, tokens) = sequence
        return max(most, state.capacity == .max ? state.count + tokens.count : state.capacity)
      })
    var context = StepContext(
      pasts: states.map(\.count), lengths: tokens.map(\.count), rotaryTable: table, arena: execution.arena)
    var stream = embedded(
      Tensor(Array(tokens.joined()), in: execution.arena), at: context.positions, places: context.places, on: &tape)
    if readsEmbedding { context.embedding = stream.sum }
    // By number: a block taken out of the array is a copy, of which every reference is counted.
    for i in blocks.indices {
      var layers = states.map { $0.layers[i] }
      stream = blocks[i].step(stream, context, states: &layers, on: &tape)
      for (sequence, layer) in layers.enumerated() { states[sequence].layers[i] = layer }
    }
    return normed(stream, on: &tape).tensor
  }

  /// Logits float32 `[rows, vocabulary]` of hidden states `[rows, hidden]`.
  public func logits(_ hidden: Tensor, in execution: Execution) -> Tensor {
    var tape = Tape(execution, recording: false)
    return tape.logits(tape.variable(hidden), head)
  }

  /// Log-probabilities of tokens (int32 `[rows]`) by the hidden states `[rows, hidden]` before them, and whether each is
  /// the likeliest.
  public func likelihoods(
    of targets: Tensor, after hidden: Tensor, in execution: Execution
  ) -> (logProbabilities: [Float], areLikeliest: [Bool]) {
    var tape = Tape(execution, recording: false)
    return tape.targetLikelihoods(tape.variable(hidden), head, targets: targets)
  }

  /// Moves the balancing biases of routers by the loads of a step, layer by layer (arXiv:2408.15664).
  public func balanceRouters(_ loads: [Int: RouterLoad]) {
    for (layer, block) in blocks.enumerated() {
      if let load = loads[layer] { block.feedForward?.balance(load) }
    }
  }

  private var readsEmbedding: Bool {
    (0..<configuration.layerCount).contains { configuration.mixer(layer: $0).readsStream }
  }

  private func embedded(
    _ tokens: Tensor, at positionsOfTokens: Tensor, places: [Int32], on tape: inout Tape
  ) -> ResidualStream {
    var scale: Float = 1
    if configuration.scalesEmbedding {
      scale = Float(configuration.hiddenSize).squareRoot()
      // The reference multiplies by the root as its type of activations holds it, and was trained so.
      if tape.execution.compute == .bfloat16 { scale = BFloat16.float(BFloat16.bits(scale)) }
    }
    let vectors = tape.embedding(tokens, embedding, scale: scale * Float(configuration.embeddingFactor))
    guard let positions else { return ResidualStream([vectors]) }
    precondition(places.allSatisfy { $0 < positions.shape[0] }, "positions within the model's context")
    return ResidualStream([vectors, tape.embedding(positionsOfTokens, positions)])
  }

  private func normed(_ stream: ResidualStream, on tape: inout Tape) -> Variable {
    let normed = finalNorm(stream.sum, adding: stream.delta, on: &tape).normed
    guard configuration.logitFactor != 1 else { return normed }
    // The head is linear, so that a factor of logits may stand before it.
    return tape.scale(normed, by: Float(configuration.logitFactor))
  }
}
