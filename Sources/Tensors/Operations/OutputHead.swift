/// What the output head says of each token.
///
/// Numbers are read from the device when they are asked for, which waits for all that was begun.
public struct TokenLogProbabilities: Sendable {
  fileprivate var blocks: [(logProbabilities: Tensor, logSumExp: Tensor, entropy: Tensor?)] = []

  /// Natural log of the probability of the target, `[tokens]`; 0 where there is no target.
  public var logProbabilities: [Float] { blocks.flatMap { $0.logProbabilities.toFloats() } }
  /// Log of the sum of exponentials of the logits, `[tokens]`.
  public var logSumExp: [Float] { blocks.flatMap { $0.logSumExp.toFloats() } }
  /// Entropy of the distribution in nats, `[tokens]`, if asked for.
  public var entropy: [Float]? {
    blocks.contains { $0.entropy == nil } ? nil : blocks.flatMap { $0.entropy?.toFloats() ?? [] }
  }
}

/// Gradients of a loss by the two results of the output head, worked out token by token from the results.
public typealias HeadGradient =
  @Sendable (_ token: Int, _ logProbability: Float, _ logSumExp: Float) -> (logProbability: Float, logSumExp: Float)

/// A weighted mean of the tokens' cross-entropies and, with a factor, of the squares of their log-sum-exp (z-loss,
/// arXiv:2204.02311).
public struct CrossEntropy: Sendable {
  /// float32 `[tokens]`.
  public var weights: Tensor
  /// What the sum is divided by.
  public var total: Float
  public var zLoss: Float

  public init(weights: Tensor, total: Float, zLoss: Float = 0) {
    (self.weights, self.total, self.zLoss) = (weights, total, zLoss)
  }
}

/// How a loss gives the gradients of the head's results.
private enum HeadLoss {
  /// On the host, which waits for the results.
  case byToken(HeadGradient)
  /// On the device.
  case crossEntropy(CrossEntropy)
}

/// What turns hidden states into logits.
public struct HeadWeights: Sendable {
  /// `[vocabulary, width]`.
  public let matrix: WeightMatrix
  /// Logits x become `softCap · tanh(x / softCap)` (Gemma 2, arXiv:2408.00118).
  public let softCap: Float?

  /// A head of plain products unless `softCap` is given.
  public init(_ matrix: WeightMatrix, softCap: Float? = nil) {
    (self.matrix, self.softCap) = (matrix, softCap)
  }
}

extension Tape {
  /// Logits float32 `[rows, vocabulary]` of hidden states, for sampling; nothing is recorded.
  public func logits(_ hidden: Variable, _ head: HeadWeights) -> Tensor {
    let logits = execution.tensor([hidden.tensor.rows, head.matrix.outputs], .float32)
    head.matrix.multiply(hidden.tensor, into: logits, in: execution)
    guard let cap = head.softCap else { return logits }
    execution.backend.map(.identity, logits, bias: nil, factor: 1 / cap, output: logits)
    execution.backend.map(.tanh, logits, bias: nil, factor: cap, output: logits)
    return logits
  }

  /// Log-probabilities of `targets` (int32 `[tokens]`, negative: none) from hidden states `[tokens, width]` through the
  /// head. Logits are never all in memory.
  ///
  /// With `gradient` the loss's gradient of each token is known as soon as its results are, so the head's backward is
  /// done here in the same pass and no logits are computed twice: any loss that is a sum over tokens, such as
  /// cross-entropy with z-loss. Call the tape's backward from the returned variable with a gradient of one.
  public mutating func outputHead(
    _ hidden: Variable, _ head: HeadWeights, targets: Tensor, gradient: HeadGradient?
  ) -> (results: TokenLogProbabilities, loss: Variable) {
    outputHead(hidden, head, targets: targets, loss: gradient.map { .byToken($0) })
  }

  /// The same for a cross-entropy, whose gradients are worked out where the model is.
  public mutating func outputHead(
    _ hidden: Variable, _ head: HeadWeights, targets: Tensor, _ loss: CrossEntropy
  ) -> (results: TokenLogProbabilities, loss: Variable) {
    outputHead(hidden, head, targets: targets, loss: .crossEntropy(loss))
  }

  private mutating func outputHead(
    _ hidden: Variable, _ head: HeadWeights, targets: Tensor, loss: HeadLoss?
  ) -> (results: TokenLogProbabilities, loss: Variable) {
    let execution = execution
    let blocks = HeadBlocks(hidden: hidden.tensor, head: head, targets: targets, execution: execution)
    let backward = isRecording ? loss.map { ($0, execution.tensor(hidden.tensor.shape)) } : nil
    let results = blocks.results(wantsEntropy: false, backward: backward)
    let marker = execution.tensor([1], .float32)
    let hiddenGradient = backward?.1
    let loss = record(inputs: [hidden], output: marker) { _ in [hiddenGradient] }
    return (results, loss)
  }

  /// The same where the gradient depends on more than one token (preference and policy losses): logits are computed
  /// again in the backward pass, which takes the gradients as `gradient` gives them then.
  public mutating func logProbabilities(
    _ hidden: Variable, _ head: HeadWeights, targets: Tensor, wantsEntropy: Bool = false,
    gradient: @escaping @Sendable () -> HeadGradient
  ) -> (results: TokenLogProbabilities, loss: Variable) {
    let execution = execution
    let blocks = HeadBlocks(hidden: hidden.tensor, head: head, targets: targets, execution: execution)
    let results = blocks.results(wantsEntropy: wantsEntropy, backward: nil)
    let marker = execution.tensor([1], .float32)
    let loss = record(inputs: [hidden], output: marker) { _ in
      let hiddenGradient = execution.tensor(blocks.hidden.shape)
      _ = blocks.results(wantsEntropy: false, backward: (.byToken(gradient()), hiddenGradient))
      return [hiddenGradient]
    }
    return (results, loss)
  }

  /// Log-probabilities of `targets` (int32 `[tokens]`) and whether each has the largest logit of all; nothing is recorded.
  public func targetLikelihoods(
    _ hidden: Variable, _ head: HeadWeights, targets: Tensor
  ) -> (logProbabilities: [Float], areLikeliest: [Bool]) {
    let blocks = HeadBlocks(hidden: hidden.tensor, head: head, targets: targets, execution: execution)
    let block = HeadBlock(blocks, 0..<hidden.tensor.rows, keepsExponentials: false, wantsEntropy: false)
    return block.likelihoods
  }
}

/// The head over blocks of tokens.
private struct HeadBlocks {
  let hidden: Tensor
  let head: HeadWeights
  let targets: Tensor
  let execution: Execution

  /// Without a backward pass nothing is kept and all tokens go at once. Each block reads the weights twice and their
  /// gradient once, which is what makes large ones worth their memory.
  private func blocks(backward: Bool) -> [Range<Int>] {
    let size =
      backward
      ? execution.backend.headRows(vocabulary: head.matrix.outputs, compute: execution.compute) : max(1, hidden.rows)
    return stride(from: 0, to: hidden.rows, by: size).map { $0..<min($0 + size, hidden.rows) }
  }

  /// Results of all tokens; with `backward`, the gradients that it gives each token go to the weights and into the
  /// tensor beside it.
  func results(wantsEntropy: Bool, backward: (HeadLoss, hidden: Tensor)?) -> TokenLogProbabilities {
    var results = TokenLogProbabilities()
    for block in blocks(backward: backward != nil) {
      let part = HeadBlock(self, block, keepsExponentials: backward != nil, wantsEntropy: wantsEntropy)
      if let (loss, hiddenGradient) = backward { part.backward(loss, into: hiddenGradient[rows: block]) }
      results.blocks.append((part.logProbabilities, part.logSumExp, part.entropy))
    }
    return results
  }
}

/// A block of tokens that has gone through the head.
private struct HeadBlock {
  let blocks: HeadBlocks
  let block: Range<Int>
  let exponentials: Tensor?
  let blockLargest: Tensor
  let logSumExp: Tensor
  let logProbabilities: Tensor
  let entropy: Tensor?
  /// Tokens, for fewer of which weights that are packed already are worth their memory.
  private static let few = 256

  init(_ blocks: HeadBlocks, _ block: Range<Int>, keepsExponentials: Bool, wantsEntropy: Bool) {
    let execution = blocks.execution
    let vocabulary = blocks.head.matrix.outputs
    self.blocks = blocks
    self.block = block
    // Only the product that adds to the weights' gradient as well knows columns past the vocabulary from it.
    let columns =
      blocks.head.matrix.gradient == nil
      ? vocabulary : execution.backend.headColumns(vocabulary: vocabulary, compute: execution.compute)
    exponentials = keepsExponentials ? execution.tensor([block.count, columns]) : nil
    blockLargest = execution.tensor(
      [execution.backend.headBlockCount(vocabulary: vocabulary), block.count], .float32)
    logSumExp = execution.tensor([block.count], .float32)
    logProbabilities = execution.tensor([block.count], .float32)
    entropy = wantsEntropy ? execution.tensor([block.count], .float32) : nil
    let weights = blocks.head.matrix.operand(
      forForward: true, rows: block.count, keepsPacked: !keepsExponentials && block.count < Self.few, in: execution)
    execution.backend.head(
      blocks.hidden[rows: block], weights: weights, vocabulary: vocabulary, compute: execution.compute,
      targets: blocks.targets[rows: block], exponentials: exponentials, blockLargest: blockLargest,
      softCap: blocks.head.softCap, logSumExp: logSumExp, logProbabilities: logProbabilities, entropy: entropy)
  }

  /// The log-probability of each target and whether it has the largest logit of its row, from the same difference that
  /// gave its log-probability.
  var likelihoods: (logProbabilities: [Float], areLikeliest: [Bool]) {
    let count = block.count
    let (probabilities, sums, largestOfBlocks) = (
      logProbabilities.toFloats(), logSumExp.toFloats(), blockLargest.toFloats()
    )
    var largest = [Float](repeating: -.infinity, count: count)
    for part in 0..<blockLargest.shape[0] {
      for i in 0..<count { largest[i] = max(largest[i], largestOfBlocks[part * count + i]) }
    }
    return (probabilities, (0..<count).map { probabilities[$0] >= largest[$0] - sums[$0] })
  }

  /// The gradients that `loss` gives each token: added to the weights', written to `hiddenGradient`.
  func backward(_ loss: HeadLoss, into hiddenGradient: Tensor) {
    guard let logitsGradient = exponentials else { return }
    let execution = blocks.execution
    let byProbability = execution.tensor([block.count], .float32)
    let bySum = execution.tensor([block.count], .float32)
    switch loss {
    case .crossEntropy(let loss):
      execution.backend.crossEntropyGradient(
        logSumExp: logSumExp, weights: loss.weights[rows: block], total: loss.total, zLoss: loss.zLoss,
        byLogProbability: byProbability, byLogSumExp: bySum)
    case .byToken(let gradient):
      let gradients = logProbabilities.read { probabilities in
        logSumExp.read { sums in
          block.enumerated().map { i, token in gradient(token, probabilities.floats[i], sums.floats[i]) }
        }
      }
      byProbability.write { host in for (i, g) in gradients.enumerated() { host.floats[i] = g.logProbability } }
      bySum.write { host in for (i, g) in gradients.enumerated() { host.floats[i] = g.logSumExp } }
    }
    execution.backend.headGradient(
      exponentials: logitsGradient, vocabulary: blocks.head.matrix.outputs, blockLargest: blockLargest,
      softCap: blocks.head.softCap, targets: blocks.targets[rows: block], logSumExp: logSumExp,
      logProbabilities: logProbabilities, logProbabilityGradient: byProbability, logSumExpGradient: bySum)
    let hidden = blocks.hidden[rows: block]
    let matrix = blocks.head.matrix
    let packedInput = matrix.gradient == nil ? nil : matrix.packed(input: hidden, in: execution)
    matrix.backward(logitsGradient, packedInput: packedInput, into: hiddenGradient, keepsPacked: false, in: execution)
  }
}
