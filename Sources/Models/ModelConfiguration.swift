/// The shape of a decoder-only transformer of the Llama family, as a value.
///
/// Names follow the `config.json` of Hugging Face checkpoints, spelled out. A configuration allocates nothing:
/// counting parameters, forecasting memory and initialising all read the declarations that follow from it.
public struct ModelConfiguration: Sendable, Equatable {
  /// Which published family's names and `config.json` a saved model carries.
  public enum Family: String, Sendable, CaseIterable {
    case llama, qwen3, smollm3
  }

  /// How rotary frequencies are stretched beyond the trained context.
  public enum RopeScaling: Sendable, Equatable {
    /// Llama 3.1's rule: low frequencies divided by `factor`, a smooth ramp between the two bounds.
    case llama3(
      factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContextLength: Int)
    /// Positions divided by `factor`.
    case linear(factor: Double)
  }

  public var family: Family
  /// Entries of the token embedding.
  public var vocabularySize: Int
  /// Width of the residual stream.
  public var hiddenSize: Int
  /// Width of the feed-forward layer.
  public var intermediateSize: Int
  /// Transformer blocks.
  public var layerCount: Int
  /// Query heads.
  public var headCount: Int
  /// Key and value heads: equal to `headCount` is multi-head attention, 1 is multi-query, between is grouped.
  public var keyValueHeadCount: Int
  /// Width of one head; usually `hiddenSize / headCount`.
  public var headDimension: Int
  /// Longest sequence the model is meant for, in tokens.
  public var contextLength: Int
  /// Base of the rotary frequencies.
  public var ropeTheta: Double
  public var ropeScaling: RopeScaling?
  /// Layer `i` (from 0) has no rotary embedding when `(i + 1) % noRopeInterval == 0`. `nil`: every layer has it.
  public var noRopeInterval: Int?
  /// Added to the mean square inside RMSNorm.
  public var normEpsilon: Double
  /// Whether the output head shares the token embedding's matrix.
  public var tiedEmbeddings: Bool
  /// RMSNorm on each query and key head before the rotary embedding (Qwen3, OLMo 2 style per head).
  public var queryKeyNorm: Bool
  /// Attention looks back at most this many tokens, itself included. `nil`: the whole document.
  public var slidingWindow: Int?
  /// Standard deviation of the normal initialisation.
  public var initializerRange: Double
  /// Token that opens a text, if the tokenizer has one.
  public var beginOfTextToken: Int?
  /// Token that ends a document.
  public var endOfTextToken: Int?

  /// Creates a configuration; what is left out takes the default of transformers' `LlamaConfig`.
  public init(
    family: Family = .llama, vocabularySize: Int, hiddenSize: Int, intermediateSize: Int, layerCount: Int,
    headCount: Int, keyValueHeadCount: Int? = nil, headDimension: Int? = nil, contextLength: Int = 2048,
    ropeTheta: Double = 10_000, ropeScaling: RopeScaling? = nil, noRopeInterval: Int? = nil,
    normEpsilon: Double = 1e-6, tiedEmbeddings: Bool = false, queryKeyNorm: Bool = false,
    slidingWindow: Int? = nil, initializerRange: Double = 0.02, beginOfTextToken: Int? = nil,
    endOfTextToken: Int? = nil
  ) {
    self.family = family
    self.vocabularySize = vocabularySize
    self.hiddenSize = hiddenSize
    self.intermediateSize = intermediateSize
    self.layerCount = layerCount
    self.headCount = headCount
    self.keyValueHeadCount = keyValueHeadCount ?? headCount
    self.headDimension = headDimension ?? (headCount > 0 ? hiddenSize / headCount : 0)
    self.contextLength = contextLength
    self.ropeTheta = ropeTheta
    self.ropeScaling = ropeScaling
    self.noRopeInterval = noRopeInterval
    self.normEpsilon = normEpsilon
    self.tiedEmbeddings = tiedEmbeddings
    self.queryKeyNorm = queryKeyNorm
    self.slidingWindow = slidingWindow
    self.initializerRange = initializerRange
    self.beginOfTextToken = beginOfTextToken
    self.endOfTextToken = endOfTextToken
  }

  /// Whether layer `layer` (from 0) rotates its queries and keys.
  public func usesRope(layer: Int) -> Bool {
    guard let interval = noRopeInterval, interval > 0 else { return true }
    return (layer + 1) % interval != 0
  }

  /// How far attention looks back in layer `layer` (from 0): layers without rotary embedding see the whole document,
  /// as nanotron trains them.
  public func slidingWindow(layer: Int) -> Int? { usesRope(layer: layer) ? slidingWindow : nil }
}
