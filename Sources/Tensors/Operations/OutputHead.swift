/// What the output head says of each token.
public struct TokenLogProbabilities: Sendable {
  /// Natural log of the probability of the target, `[tokens]`; 0 where there is no target.
  public var logProbabilities: [Float]
  /// Log of the sum of exponentials of the logits, `[tokens]`.
  public var logSumExp: [Float]
  /// Entropy of the distribution in nats, `[tokens]`, if asked for.
  public var entropy: [Float]?
}

/// Gradients of a loss by the two results of the output head, worked out token by token from the results.
public typealias HeadGradient =
  @Sendable (_ token: Int, _ logProbability: Float, _ logSumExp: Float) -> (logProbability: Float, logSumExp: Float)

extension Tape {
  /// Logits float32 `[rows, vocabulary]` of hidden states, for sampling; nothing is recorded.
  public func logits(_ hidden: Variable, _ weight: WeightMatrix) -> Tensor {
    let logits = execution.tensor([hidden.tensor.rows, weight.outputs], .float32)
    execution.backend.multiply(
      hidden.tensor, leftTransposed: false, packed: weight.packed(forForward: true, in: execution),
      compute: execution.compute, into: logits, accumulate: false)
    return logits
  }

  /// Log-probabilities of `targets` (int32 `[tokens]`, negative: none) from hidden states `[tokens, width]` through the
  /// head `weight` `[vocabulary, width]`. Logits exist for a block of tokens at a time.
  ///
  /// With `gradient` the loss's gradient of each token is known as soon as its results are, so the head's backward is
  /// done here in the same pass and no logits are computed twice: any loss that is a sum over tokens, such as
  /// cross-entropy with z-loss. Call the tape's backward from the returned variable with a gradient of one.
  public mutating func outputHead(
    _ hidden: Variable, _ weight: WeightMatrix, targets: Tensor, gradient: HeadGradient?
  ) -> (results: TokenLogProbabilities, loss: Variable) {
    let execution = execution
    let head = HeadBlocks(hidden: hidden.tensor, weight: weight, targets: targets, execution: execution)
    var results = TokenLogProbabilities(logProbabilities: [], logSumExp: [])
    let hiddenGradient = gradient != nil && isRecording ? execution.tensor(hidden.tensor.shape) : nil
    for block in head.blocks {
      let logits = head.logits(block)
      let statistics = head.statistics(block, logits: logits, wantsEntropy: false)
      if let gradient, let hiddenGradient {
        head.backward(block, logits: logits, statistics: statistics, gradient: gradient, into: hiddenGradient)
      }
      results.logProbabilities += statistics.logProbabilities.floats
      results.logSumExp += statistics.logSumExp.floats
    }
    let marker = execution.tensor([1], .float32)
    let loss = record(inputs: [hidden], output: marker) { _ in [hiddenGradient] }
    return (results, loss)
  }

  /// The same where the gradient depends on more than one token (preference and policy losses): logits are computed
  /// again in the backward pass, which takes the gradients as `gradient` gives them then.
  public mutating func logProbabilities(
    _ hidden: Variable, _ weight: WeightMatrix, targets: Tensor, wantsEntropy: Bool = false,
    gradient: @escaping @Sendable () -> HeadGradient
  ) -> (results: TokenLogProbabilities, loss: Variable) {
    let execution = execution
    let head = HeadBlocks(hidden: hidden.tensor, weight: weight, targets: targets, execution: execution)
    var results = TokenLogProbabilities(logProbabilities: [], logSumExp: [], entropy: wantsEntropy ? [] : nil)
    for block in head.blocks {
      let statistics = head.statistics(block, logits: head.logits(block), wantsEntropy: wantsEntropy)
      results.logProbabilities += statistics.logProbabilities.floats
      results.logSumExp += statistics.logSumExp.floats
      if let entropy = statistics.entropy { results.entropy?.append(contentsOf: entropy.floats) }
    }
    let marker = execution.tensor([1], .float32)
    let loss = record(inputs: [hidden], output: marker) { _ in
      let hiddenGradient = execution.tensor(head.hidden.shape)
      let gradient = gradient()
      for block in head.blocks {
        let logits = head.logits(block)
        let statistics = head.statistics(block, logits: logits, wantsEntropy: false)
        head.backward(block, logits: logits, statistics: statistics, gradient: gradient, into: hiddenGradient)
      }
      return [hiddenGradient]
    }
    return (results, loss)
  }
}

/// The head over blocks of tokens, so that logits never exist for all of them.
private struct HeadBlocks {
  let hidden: Tensor
  let weight: WeightMatrix
  let targets: Tensor
  let execution: Execution

  struct Statistics {
    let logSumExp: Tensor
    let logProbabilities: Tensor
    let entropy: Tensor?
  }

  /// A block's logits fill about 8 MiB; at least 256 tokens, so that the weights are read few times.
  var blocks: [Range<Int>] {
    let size = max(256, (8 << 20) / (4 * weight.outputs) / 16 * 16)
    return stride(from: 0, to: hidden.rows, by: size).map { $0..<min($0 + size, hidden.rows) }
  }

  func logits(_ block: Range<Int>) -> Tensor {
    let logits = execution.tensor([block.count, weight.outputs], .float32)
    execution.backend.multiply(
      hidden[rows: block], leftTransposed: false, packed: weight.packed(forForward: true, in: execution),
      compute: execution.compute, into: logits, accumulate: false)
    return logits
  }

  func statistics(_ block: Range<Int>, logits: Tensor, wantsEntropy: Bool) -> Statistics {
    let statistics = Statistics(
      logSumExp: execution.tensor([block.count], .float32),
      logProbabilities: execution.tensor([block.count], .float32),
      entropy: wantsEntropy ? execution.tensor([block.count], .float32) : nil)
    execution.backend.logSoftmax(
      logits, targets: targets[rows: block], logSumExp: statistics.logSumExp,
      logProbabilities: statistics.logProbabilities, entropy: statistics.entropy)
    return statistics
  }

  func backward(
    _ block: Range<Int>, logits: Tensor, statistics: Statistics, gradient: HeadGradient, into hiddenGradient: Tensor
  ) {
    let byProbability = execution.tensor([block.count], .float32)
    let bySum = execution.tensor([block.count], .float32)
    for (i, token) in block.enumerated() {
      let g = gradient(token, statistics.logProbabilities.floats[i], statistics.logSumExp.floats[i])
      byProbability.floats[i] = g.logProbability
      bySum.floats[i] = g.logSumExp
    }
    let logitsGradient = execution.tensor(logits.shape)
    execution.backend.logSoftmaxBackward(
      logits, targets: targets[rows: block], logSumExp: statistics.logSumExp, logProbabilityGradient: byProbability,
      logSumExpGradient: bySum, logitsGradient: logitsGradient)
    weight.accumulateGradient(input: hidden[rows: block], outputGradient: logitsGradient, in: execution)
    execution.backend.multiply(
      logitsGradient, leftTransposed: false, packed: weight.packed(forForward: false, in: execution),
      compute: execution.compute, into: hiddenGradient[rows: block], accumulate: false)
  }
}
