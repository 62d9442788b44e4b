/// Parameters of a model by component, from its configuration alone.
public struct ParameterCounts: Sendable, Equatable {
  /// The token embedding, vocabulary × width, and that of positions where they are learned.
  public var embedding: Int
  /// Query, key, value and output projections with their biases.
  public var attention: Int
  /// The feed-forward layers' projections with their biases.
  public var feedForward: Int
  /// Weights and biases of all norms.
  public var norms: Int
  /// The output head; 0 when it shares the embedding.
  public var head: Int
  /// Those of experts that a token does not go through.
  public var idle: Int

  /// All parameters; a shared matrix counts once.
  public var total: Int { embedding + attention + feedForward + norms + head }

  /// Parameters outside the token embedding and the output head, the N of scaling laws.
  public var withoutEmbeddings: Int { attention + feedForward + norms }

  /// What one token goes through of all parameters.
  public var active: Int { total - idle }

  /// What one token goes through outside the token embedding and the output head.
  public var activeWithoutEmbeddings: Int { withoutEmbeddings - idle }
}

extension ModelConfiguration {
  /// Parameters by component, summed over the declarations. What optimizers do not touch is not counted: the biases
  /// that balance experts are state, in other programs too.
  public var parameterCounts: ParameterCounts {
    var counts = ParameterCounts(embedding: 0, attention: 0, feedForward: 0, norms: 0, head: 0, idle: 0)
    // Added up by share, so that rounding is of the sum.
    var shared: [Double: Int] = [:]
    for declaration in declarations() where declaration.isOptimized {
      if declaration.activeShare < 1 { shared[declaration.activeShare, default: 0] += declaration.count }
      switch declaration.component {
      case .embedding: counts.embedding += declaration.count
      case .attention: counts.attention += declaration.count
      case .feedForward: counts.feedForward += declaration.count
      case .norm: counts.norms += declaration.count
      case .outputHead: counts.head += declaration.count
      }
    }
    counts.idle = shared.reduce(0) { $0 + $1.value - Int((Double($1.value) * $1.key).rounded()) }
    return counts
  }

  /// Whether the model is within the size that counts of bytes and operations can be computed for: a quadrillion
  /// parameters. Readers of configurations refuse what is not.
  public var hasCountableSize: Bool {
    let width = Double(hiddenSize)
    let attention = 2 * width * Double(headDimension) * Double(headCount + keyValueHeadCount)
    let layers = Double(layerCount) * (attention + 3 * width * Double(intermediateSize))
    let learned = positions == .learned ? width * Double(contextLength) : 0
    return layers + 2 * width * Double(vocabularySize) + learned <= 1e15
  }
}
