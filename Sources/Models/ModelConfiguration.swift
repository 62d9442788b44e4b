/// The shape of a decoder-only transformer, as a value: sizes, and what tells one family from another.
///
/// Names follow the `config.json` of Hugging Face checkpoints, spelled out. A configuration allocates nothing:
/// counting parameters, forecasting memory and initialising all read the declarations that follow from it.
public struct ModelConfiguration: Sendable, Equatable {
  /// How rotary frequencies are stretched beyond the trained context.
  public enum RopeScaling: Sendable, Hashable {
    /// Llama 3.1's rule: low frequencies divided by `factor`, a smooth ramp between the two bounds.
    case llama3(
      factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContextLength: Int)
    /// Positions divided by `factor`.
    case linear(factor: Double)
    case yarn(YaRN)
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
  public var positions: Positions
  /// Base of the rotary frequencies.
  public var ropeTheta: Double
  public var ropeScaling: RopeScaling?
  /// The share of each head that turns; the rest stays.
  public var ropeShare = 1.0
  /// Whether neighbours in a head turn together, as in the paper, not elements of its halves.
  public var ropeInterleaved = false
  /// Base of the rotary frequencies, never stretched, of layers with a window; `nil`: the same as of the others.
  public var localRopeTheta: Double?
  /// Layer `i` (from 0) has no rotary embedding when `(i + 1) % noRopeInterval == 0`. `nil`: every layer has it.
  public var noRopeInterval: Int?
  public var norm: NormKind
  public var normPlacement: NormPlacement
  /// How the stream and what a branch gives are weighted where they are added up, by layer.
  public var mixerFactors = LayerPattern([ResidualFactors()])
  public var feedForwardFactors = LayerPattern([ResidualFactors()])
  /// Added to the mean square, or to the variance, inside a norm.
  public var normEpsilon: Double
  /// Whether the output head shares the token embedding's matrix.
  public var tiedEmbeddings: Bool
  /// Logits x become `cap · tanh(x / cap)` (Gemma 2, arXiv:2408.00118).
  public var logitSoftCap: Double?
  /// What logits are multiplied by, and so the hidden states before the output head.
  public var logitFactor = 1.0
  /// Whether the embedding is multiplied by the square root of its width (Gemma).
  public var scalesEmbedding: Bool
  /// What the embedding is multiplied by besides.
  public var embeddingFactor = 1.0
  public var queryKeyNorm: QueryKeyNorm?
  /// Whether queries, keys and values have a bias.
  public var queryKeyValueBias: Bool
  /// Whether attention's output has one.
  public var attentionOutputBias: Bool
  /// Scores are divided by the square root of this; `nil`: of the head's width.
  public var attentionScalar: Int?
  /// Attention looks back at most this many tokens, itself included. `nil`: the whole document.
  public var slidingWindow: Int?
  /// Layer `i` (from 0) has no window when `(i + 1) % fullAttentionInterval == 0`. `nil`: the window is everywhere.
  public var fullAttentionInterval: Int?
  public var activation: Activation
  /// Whether both products of the feed-forward layer have a bias.
  public var feedForwardBias: Bool
  /// What mixes the tokens, by layer; softmax attention with the settings above unless said otherwise.
  public var mixers = LayerPattern<any MixerKind>([SoftmaxAttention()])
  /// What follows the mixers, by layer; one gated layer of width ``intermediateSize`` unless said otherwise.
  public var feedForwards = LayerPattern<any FeedForwardKind>([DenseFeedForward()])
  /// Standard deviation of the normal initialisation.
  public var initializerRange: Double
  /// Token that opens a text, if the tokenizer has one.
  public var beginOfTextToken: Int?
  /// Token that ends a document.
  public var endOfTextToken: Int?

  /// Creates a configuration; what is left out takes the default of transformers' `LlamaConfig`, and what a family has
  /// in common (norms, positions, activation, biases) is the family's.
  public init(
    family: Family = .llama, vocabularySize: Int, hiddenSize: Int, intermediateSize: Int, layerCount: Int,
    headCount: Int, keyValueHeadCount: Int? = nil, headDimension: Int? = nil, contextLength: Int = 2048,
    ropeTheta: Double = 10_000, ropeScaling: RopeScaling? = nil, localRopeTheta: Double? = nil,
    noRopeInterval: Int? = nil, normEpsilon: Double = 1e-6, tiedEmbeddings: Bool = false,
    attentionScalar: Int? = nil, slidingWindow: Int? = nil, fullAttentionInterval: Int? = nil,
    initializerRange: Double = 0.02, beginOfTextToken: Int? = nil, endOfTextToken: Int? = nil
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
    positions = .rotary
    self.ropeTheta = ropeTheta
    self.ropeScaling = ropeScaling
    self.localRopeTheta = localRopeTheta
    self.noRopeInterval = noRopeInterval
    norm = .rms
    normPlacement = .before
    self.normEpsilon = normEpsilon
    self.tiedEmbeddings = tiedEmbeddings
    scalesEmbedding = false
    queryKeyValueBias = false
    attentionOutputBias = false
    self.attentionScalar = attentionScalar
    self.slidingWindow = slidingWindow
    self.fullAttentionInterval = fullAttentionInterval
    activation = .swiGLU
    feedForwardBias = false
    self.initializerRange = initializerRange
    self.beginOfTextToken = beginOfTextToken
    self.endOfTextToken = endOfTextToken
    family.kind.prepare(&self)
  }

  /// What mixes the tokens in layer `layer` (from 0).
  public func mixer(layer: Int) -> any MixerKind { mixers[layer] }

  /// What follows the mixer in layer `layer` (from 0).
  public func feedForward(layer: Int) -> any FeedForwardKind { feedForwards[layer] }

  /// Whether layer `layer` (from 0) rotates its queries and keys.
  public func usesRope(layer: Int) -> Bool {
    guard positions == .rotary else { return false }
    guard let interval = noRopeInterval, interval > 0 else { return true }
    return (layer + 1) % interval != 0
  }

  /// How far attention looks back in layer `layer` (from 0): layers without rotary embedding see the whole document,
  /// as nanotron trains them.
  public func slidingWindow(layer: Int) -> Int? {
    if let interval = fullAttentionInterval, interval > 0, (layer + 1) % interval == 0 { return nil }
    return usesRope(layer: layer) ? slidingWindow : nil
  }

  /// Whether layer `layer` (from 0) turns its queries and keys by ``localRopeTheta``.
  public func usesLocalRope(layer: Int) -> Bool { localRopeTheta != nil && slidingWindow(layer: layer) != nil }
}
