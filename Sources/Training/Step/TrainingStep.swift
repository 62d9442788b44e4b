import Models
import Optimization
import Tensors

/// One optimizer step: forward and backward over the micro-batches of a global batch, clipping, update.
public struct TrainingStep: Sendable {
  /// What a step does besides the model and the optimizer.
  public struct Settings: Sendable, Equatable {
    /// Windows that go through the model at a time.
    public var microBatchSize: Int
    /// Largest global gradient norm; nil: no clipping.
    public var clipNorm: Double?
    /// Coefficient of the squared log-normaliser in the loss; 0: none.
    public var zLoss: Double
    /// Keep only each block's input and compute the rest again in the backward pass.
    public var recompute: Bool

    /// Plain steps by default.
    public init(microBatchSize: Int, clipNorm: Double? = 1, zLoss: Double = 0, recompute: Bool = false) {
      self.microBatchSize = microBatchSize
      self.clipNorm = clipNorm
      self.zLoss = zLoss
      self.recompute = recompute
    }
  }

  /// What a step measured.
  public struct Result: Sendable {
    /// Mean cross-entropy over the targets that count, in nats.
    public var loss: Double
    /// Global gradient norm before clipping.
    public var gradientNorm: Double
    /// How the step's tokens spread over the experts, by layer; empty for a model without.
    public var routing: [Int: RouterLoad]
    /// How the gradients of the micro-batches scatter, where that was asked for.
    public var noise: GradientNoise?
  }

  /// Thrown before an update that would spoil the weights.
  public struct NonFinite: Error, CustomStringConvertible {
    public let description: String
    /// Loss and gradient norm, of which one is not finite or could not be had.
    public let result: Result
  }

  public let model: DecoderModel
  public let optimizer: Optimizer
  public let settings: Settings
  public let execution: Execution
  private let rotaryTable: RotaryTable

  /// Prepares steps over windows of at most `sequenceLength` tokens.
  public init(
    _ model: DecoderModel, optimizer: Optimizer, settings: Settings, sequenceLength: Int, execution: Execution
  ) {
    self.model = model
    self.optimizer = optimizer
    self.settings = settings
    self.execution = execution
    rotaryTable = RotaryTable.make(model.configuration, positions: sequenceLength, in: execution.arena)
  }

  /// Takes step number `step` (from 1) on `batch`.
  /// - Parameter optimizerStep: the same counted since the optimizer's state began, where that was later.
  /// - Parameter measuresNoise: whether to compare the micro-batches' gradients, which changes no number but takes time.
  /// - Throws: ``NonFinite`` when loss or gradient is not a number; the weights are then as before.
  public func run(
    _ batch: TokenBatch, step: Int, optimizerStep: Int? = nil, learningRate: Double, measuresNoise: Bool = false
  ) throws -> Result {
    var parts: [GradientNoise.Part]? = measuresNoise ? [] : nil
    let (loss, routing) = accumulate(batch, parts: &parts)
    guard loss.isFinite else {
      throw NonFinite(
        description: "the loss of step \(step) is \(loss); nothing was updated",
        result: Result(loss: loss, gradientNorm: .nan, routing: routing))
    }
    let norm = GradientNorm.global(model.store, in: execution)
    guard norm.isFinite else {
      let name = GradientNorm.firstNonFinite(model.store) ?? "all of them together"
      throw NonFinite(
        description: "the gradient of step \(step) is not finite in \(name) while the loss is \(loss); "
          + "nothing was updated", result: Result(loss: loss, gradientNorm: norm, routing: routing))
    }
    optimizer.update(
      step: optimizerStep ?? step, learningRate: learningRate,
      gradientScale: GradientNorm.clippingFactor(norm: norm, limit: settings.clipNorm), in: execution)
    model.balanceRouters(routing)
    return Result(
      loss: loss, gradientNorm: norm, routing: routing,
      noise: parts.flatMap { GradientNoise(parts: $0, whole: norm * norm) })
  }

  /// Leaves the gradient of the mean loss over `batch` in the store and returns that loss.
  public func accumulateGradients(_ batch: TokenBatch) -> Double {
    var parts: [GradientNoise.Part]?
    return accumulate(batch, parts: &parts).loss
  }

  private func accumulate(
    _ batch: TokenBatch, parts: inout [GradientNoise.Part]?
  ) -> (loss: Double, routing: [Int: RouterLoad]) {
    let backend = execution.backend
    model.store.beginGradients(in: execution)
    let before = parts.flatMap { _ in model.store.gradient.map { Tensor($0.shape, .float32, in: execution.arena) } }
    if let before { backend.fillZero(before) }
    let total = max(batch.targetCount, 1)
    var results: [(TokenLogProbabilities, weights: [Float])] = []
    var ledger = RoutingLedger(stepTokens: batch.sequences * batch.sequenceLength)
    for start in stride(from: 0, to: batch.sequences, by: settings.microBatchSize) {
      let part = batch.slice(start..<min(start + settings.microBatchSize, batch.sequences))
      results.append((backward(part, of: batch, total: total, ledger: &ledger), part.weights))
      model.store.settleGradients(in: execution)
      if let before, let gradient = model.store.gradient {
        // What this micro-batch added, without disturbing the sum.
        backend.combine(1, gradient, -1, before, into: before)
        parts?.append(.init(squaredNorm: backend.sumOfSquares(before), tokens: Double(part.targetCount)))
        backend.combine(1, gradient, 0, nil, into: before)
      }
    }
    // Read at the end, so that a device need not wait between micro-batches.
    let loss = results.reduce(0.0) { sum, result in
      sum - zip(result.0.logProbabilities, result.weights).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    }
    return (loss / Double(total), ledger.earlier)
  }

  /// Adds the gradient of one micro-batch of `whole`; returns what the head says of its tokens. The ledger comes from the
  /// micro-batch before and goes to the next.
  private func backward(
    _ batch: TokenBatch, of whole: TokenBatch, total: Float, ledger: inout RoutingLedger
  ) -> TokenLogProbabilities {
    var execution = execution
    execution.reusesWeights = settings.recompute || batch.sequences < whole.sequences
    var tape = Tape(execution)
    tape.routing = ledger
    let hidden = forward(batch, on: &tape)
    ledger = tape.routing.next()
    let weights = Tensor(batch.weights, shape: [batch.weights.count], in: execution.arena)
    let head = tape.outputHead(
      hidden, model.head, targets: Tensor(batch.targets, in: execution.arena),
      CrossEntropy(weights: weights, total: total, zLoss: Float(settings.zLoss)))
    tape.backward(from: [(head.loss, gradient: Tensor([1], shape: [1], in: execution.arena))])
    return head.results
  }

  /// Log-probabilities of a batch's targets, with no gradient.
  public func evaluate(_ batch: TokenBatch) -> TokenLogProbabilities {
    var tape = Tape(execution, recording: false)
    let hidden = forward(batch, on: &tape)
    return tape.outputHead(
      hidden, model.head, targets: Tensor(batch.targets, in: execution.arena), gradient: nil
    ).results
  }

  private func forward(_ batch: TokenBatch, on tape: inout Tape) -> Variable {
    let context = SequenceContext(
      sequences: batch.sequences, length: batch.sequenceLength, documentStarts: batch.documentStarts,
      rotaryTable: rotaryTable, arena: execution.arena)
    return model.hiddenStates(
      Tensor(batch.tokens, in: execution.arena), context, recompute: settings.recompute && tape.isRecording,
      on: &tape)
  }
}
