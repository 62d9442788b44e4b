/// Parameters of a model by component, from its configuration alone.
public struct ParameterCounts: Sendable, Equatable {
  /// The token embedding: vocabulary × width.
  public var embedding: Int
  /// Query, key, value and output projections.
  public var attention: Int
  /// Gate, up and down projections.
  public var feedForward: Int
  /// All RMSNorm weights.
  public var norms: Int
  /// The output head; 0 when it shares the embedding.
  public var head: Int

  /// All parameters; a shared matrix counts once.
  public var total: Int { embedding + attention + feedForward + norms + head }

  /// Parameters outside the token embedding and the output head, the N of scaling laws.
  public var withoutEmbeddings: Int { attention + feedForward + norms }
}

extension ModelConfiguration {
  /// Parameters by component.
  public var parameterCounts: ParameterCounts {
    let queries = headCount * headDimension
    let keysAndValues = 2 * keyValueHeadCount * headDimension
    let normsOfLayer = 2 * hiddenSize + (queryKeyNorm ? 2 * headDimension : 0)
    return ParameterCounts(
      embedding: vocabularySize * hiddenSize,
      attention: layerCount * hiddenSize * (2 * queries + keysAndValues),
      feedForward: layerCount * 3 * hiddenSize * intermediateSize,
      norms: layerCount * normsOfLayer + hiddenSize,
      head: tiedEmbeddings ? 0 : vocabularySize * hiddenSize)
  }
}
