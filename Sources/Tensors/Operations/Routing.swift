/// What keeps a router's experts evenly used.
public struct RouterBalance: Sendable, Hashable {
  /// Over which tokens the auxiliary loss counts the experts' choices.
  public enum Scope: String, Sendable, CaseIterable {
    /// Those of the micro-batch.
    case microBatch = "micro_batch"
    /// Those of the step so far: the whole batch at its end (arXiv:2501.11873).
    case globalBatch = "global_batch"
  }

  /// `a` of the loss `a · E · Σ f P` over `E` experts: `f` an expert's part of all choices, `P` its mean share of a
  /// token's scores (Switch, arXiv:2101.03961; `a` where the load is even). The losses of the layers are added up.
  public var auxiliaryLoss: Double
  public var scope: Scope
  /// Factor of the mean square of the log of the sum of exponentials of the logits (ST-MoE, arXiv:2202.08906).
  public var zLoss: Double

  public init(auxiliaryLoss: Double = 0, scope: Scope = .microBatch, zLoss: Double = 0) {
    self.auxiliaryLoss = auxiliaryLoss
    self.scope = scope
    self.zLoss = zLoss
  }
}

/// Which experts the tokens of a batch go to.
public struct Routing: Sendable {
  /// Weights of each token's experts, float32 `[tokens, chosen]`.
  public let weights: Variable
  /// The experts, int32 `[tokens, chosen]`.
  public let chosen: Tensor
  /// Where each choice stands among the rows sorted by expert, int32 `[tokens, chosen]`.
  let places: Tensor
  /// The token of each of those rows, int32.
  let sources: Tensor
  /// Where each expert's rows begin, and the end.
  let offsets: [Int]
}

extension Tape {
  /// Chooses the experts of each token of x `[tokens, width]` by the logits x times the transpose of `router`
  /// `[experts, width]`, plus `bias`.
  ///
  /// The gradients of the losses of `balance` enter here in the backward pass; their size follows from the tape's
  /// ledger, which also learns the loads.
  /// - Parameters:
  ///   - choiceBias: added to the scores where experts are compared, float32 `[experts]`, and nowhere else.
  ///   - layer: the router's number in the ledger.
  public mutating func route(
    _ x: Variable, _ router: WeightMatrix, bias: WeightVector? = nil, choiceBias: Tensor? = nil,
    _ specification: RouterSpecification, balance: RouterBalance = RouterBalance(), layer: Int = 0
  ) -> Routing {
    let execution = execution
    let backend = execution.backend
    let input = x.tensor
    let tokens = input.rows
    let perToken = [tokens, specification.chosen]
    let logits = execution.tensor([tokens, specification.experts], .float32)
    backend.multiply(
      input, leftTransposed: false, packed: router.packed(forForward: true, in: execution),
      compute: execution.compute, into: logits, accumulate: false)
    if let bias { backend.addBias(bias.master, to: logits) }
    let scores = execution.tensor(logits.shape, .float32)
    let logSumExp = execution.tensor([tokens], .float32)
    let chosen = execution.tensor(perToken, .int32)
    let weights = execution.tensor(perToken, .float32)
    backend.route(
      specification, logits: logits, choiceBias: choiceBias, scores: scores, logSumExp: logSumExp, chosen: chosen,
      weights: weights)
    let places = execution.tensor(perToken, .int32)
    let sources = execution.tensor([tokens * specification.chosen], .int32)
    let offsets = backend.sortChoices(chosen, experts: specification.experts, places: places, sources: sources)

    // Only a step asks for them, and a card has to be waited for.
    let load = routing.stepTokens.map { _ in
      RouterLoad(offsets: offsets, scores: scores, logSumExp: logSumExp, backend)
    }
    let share = load.flatMap { shareGradient($0, balance, layer: layer) }
    let zScale = Float(routing.stepTokens.map { 2 * balance.zLoss / Double($0) } ?? 0)
    if let load { routing.loads[layer] = load }
    let recorded = record(inputs: [x], output: weights) { gradient in
      let logitsGradient = execution.tensor(logits.shape, .float32)
      backend.routeBackward(
        specification, logits: logits, scores: scores, logSumExp: logSumExp, chosen: chosen,
        weightsGradient: gradient, shareGradient: share, zScale: zScale, logitsGradient: logitsGradient)
      if let biasGradient = bias?.gradient {
        backend.biasBackward(outputGradient: logitsGradient, biasGradient: biasGradient)
      }
      let inputGradient = execution.tensor(input.shape)
      router.backward(
        logitsGradient, packedInput: router.gradient == nil ? nil : router.packed(input: input, in: execution),
        into: inputGradient, in: execution)
      return [inputGradient]
    }
    return Routing(weights: recorded, chosen: chosen, places: places, sources: sources, offsets: offsets)
  }

  /// What the auxiliary loss gains by each expert's share of one token's scores, `a · E · f / tokens`; `f` is a count and
  /// has no gradient.
  private func shareGradient(_ load: RouterLoad, _ balance: RouterBalance, layer: Int) -> Tensor? {
    guard let tokens = routing.stepTokens, balance.auxiliaryLoss != 0 else {
      return nil
    }
    var counted = load
    if balance.scope == .globalBatch, let earlier = routing.earlier[layer] { counted.add(earlier) }
    let factor = balance.auxiliaryLoss * Double(load.counts.count) / Double(tokens)
    return Tensor(counted.fractions.map { Float(factor * $0) }, shape: [load.counts.count], in: execution.arena)
  }
}

extension RouterLoad {
  fileprivate init(offsets: [Int], scores: Tensor, logSumExp: Tensor, _ backend: any Backend) {
    let (shares, squares) = backend.routerSums(scores: scores, logSumExp: logSumExp)
    self.init(
      tokens: scores.rows, counts: zip(offsets.dropFirst(), offsets).map { $0 - $1 }, shares: shares,
      squaredLogSumExp: squares)
  }
}
