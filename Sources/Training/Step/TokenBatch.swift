/// The windows of one global batch: what to read, what to predict, and how much each prediction counts.
public struct TokenBatch: Sendable {
  /// Number of windows.
  public var sequences: Int
  /// Tokens of each window that are read; as many are predicted.
  public var sequenceLength: Int
  /// `[sequences, sequenceLength]`.
  public var tokens: [Int32]
  /// The next token of each, `[sequences, sequenceLength]`.
  public var targets: [Int32]
  /// Weight of each target in the loss, 0 or 1.
  public var weights: [Float]
  /// For each token the index in its window of its document's first token; nil: windows are not masked by document.
  public var documentStarts: [Int32]?

  /// An empty batch with room for nothing; fill it with ``append(window:documentStarts:maskDocuments:predictFirstTokens:)``.
  public init(sequenceLength: Int, maskDocuments: Bool) {
    sequences = 0
    self.sequenceLength = sequenceLength
    tokens = []
    targets = []
    weights = []
    documentStarts = maskDocuments ? [] : nil
  }

  /// Adds one window of `sequenceLength + 1` tokens.
  /// - Parameters:
  ///   - starts: for each of its tokens the index of its document's first.
  ///   - predictFirstTokens: whether the first token of a document counts as a target.
  public mutating func append(
    window: UnsafeBufferPointer<Int32>, documentStarts starts: UnsafeBufferPointer<Int32>, predictFirstTokens: Bool
  ) {
    precondition(window.count == sequenceLength + 1 && starts.count == window.count, "one token more than is read")
    sequences += 1
    tokens += window[0..<sequenceLength]
    targets += window[1...]
    for i in 1...sequenceLength {
      weights.append(!predictFirstTokens && starts[i] == Int32(i) ? 0 : 1)
    }
    documentStarts?.append(contentsOf: starts[0..<sequenceLength])
  }

  /// Targets that count.
  public var targetCount: Float { weights.reduce(0, +) }

  /// Windows `range` alone.
  public func slice(_ range: Range<Int>) -> TokenBatch {
    let elements = range.lowerBound * sequenceLength..<range.upperBound * sequenceLength
    var part = TokenBatch(sequenceLength: sequenceLength, maskDocuments: documentStarts != nil)
    part.sequences = range.count
    part.tokens = Array(tokens[elements])
    part.targets = Array(targets[elements])
    part.weights = Array(weights[elements])
    part.documentStarts = documentStarts.map { Array($0[elements]) }
    return part
  }
}
