import Formats
import OrderedCollections

/// A published family of models: what all of its models are, what their `config.json` says and how, under which names
/// checkpoints hold their parameters, and which of them are presets.
///
/// A new one is one file in this folder and one line in ``ModelConfiguration/Family/allCases``. What it leaves out is
/// as in Llama.
protocol ModelFamily: Sendable {
  /// The `model_type` that is written, and others that mean the same.
  static var modelTypes: [String] { get }
  /// The `model_type` of models with vision, whose `text_config` describes a model of this family.
  static var visionModelType: String? { get }
  /// The class of transformers.
  static var architecture: String { get }
  /// Keys of what every family has.
  static var keys: HuggingFaceKeys { get }
  /// What transformers takes for what a file leaves out.
  static var standards: HuggingFaceStandards { get }
  /// Whether `use_sliding_window` may give all layers with rotary embedding a window.
  static var mayHaveWindow: Bool { get }
  /// Whether `max_window_layers` says which layers then have none.
  static var hasMaxWindowLayers: Bool { get }
  /// Whether rotary settings may differ by layer type.
  static var mayHaveRopeByLayerType: Bool { get }
  /// Whether scores and logits may be capped.
  static var mayHaveSoftCaps: Bool { get }
  /// Whether `attention_bias` gives all four projections a bias.
  static var mayHaveAttentionBias: Bool { get }
  /// Whether `mlp_bias` gives the feed-forward layer biases.
  static var mayHaveFeedForwardBias: Bool { get }
  /// Sets what all models of the family have in common; a new configuration takes it from its family.
  static func prepare(_ c: inout ModelConfiguration)
  /// Reads what a `config.json` says beyond the sizes, which `c` already has.
  /// - Throws: `HuggingFaceConfigurationError` for what is wrong or not built here.
  static func read(_ reader: HuggingFaceConfigurationReader, into c: inout ModelConfiguration) throws
  /// What ``read(_:into:)`` reads, and what else a `config.json` of the family says; it overrides the common members.
  static func members(_ c: ModelConfiguration) -> OrderedDictionary<String, JSON>
  /// Names of parameters outside the blocks.
  static var names: ParameterNames { get }
  /// Names of those in the block whose names begin with `at`, such as `model.layers.3`.
  static func block(_ at: String, _ c: ModelConfiguration) -> ParameterNames.Block
  /// Where checkpoints hold a parameter that is not a tensor of its own name and shape in them.
  static func place(of parameter: ParameterDeclaration, in c: ModelConfiguration) -> StoredPlace?
  /// The `quant_method` of packed experts that are read.
  static var quantization: String? { get }
  /// The family in GGUF files, `general.architecture`; nil where such files are not read and written.
  static var gguf: String? { get }
  /// Whether GGUF files have elements that turn together as neighbours.
  static var hasRotaryPairsInGGUF: Bool { get }
  /// Published models of the family.
  static var presets: [Preset] { get }
}

extension ModelFamily {
  static var visionModelType: String? { nil }
  static var keys: HuggingFaceKeys { HuggingFaceKeys() }
  static var standards: HuggingFaceStandards { HuggingFaceStandards() }
  static var mayHaveWindow: Bool { false }
  static var hasMaxWindowLayers: Bool { false }
  static var mayHaveRopeByLayerType: Bool { false }
  static var mayHaveSoftCaps: Bool { false }
  static var mayHaveAttentionBias: Bool { true }
  static var mayHaveFeedForwardBias: Bool { false }
  static func prepare(_ c: inout ModelConfiguration) {}
  static func read(_ reader: HuggingFaceConfigurationReader, into c: inout ModelConfiguration) throws {
    try reader.readAttention(into: &c)
  }
  static func members(_ c: ModelConfiguration) -> OrderedDictionary<String, JSON> { c.attentionMembers }
  static var names: ParameterNames { ParameterNames() }
  static func block(_ at: String, _ c: ModelConfiguration) -> ParameterNames.Block {
    ParameterNames.Block(at, norms: c.normPlacement)
  }
  static func place(of parameter: ParameterDeclaration, in c: ModelConfiguration) -> StoredPlace? { nil }
  static var quantization: String? { nil }
  static var gguf: String? { nil }
  static var hasRotaryPairsInGGUF: Bool { false }
  static var presets: [Preset] { [] }
}

/// Keys of a `config.json` that families spell differently.
struct HuggingFaceKeys {
  var hidden = "hidden_size"
  var intermediate = "intermediate_size"
  var layers = "num_hidden_layers"
  var heads = "num_attention_heads"
  var context = "max_position_embeddings"
  var epsilon = "rms_norm_eps"
  var activation = "hidden_act"
}

/// What transformers takes for a key that a `config.json` leaves out; a size that has nothing here must be given.
struct HuggingFaceStandards {
  var vocabulary, hidden, intermediate, layers, heads, keyValueHeads, headDimension: Int?
  /// Width of the feed-forward layer in widths of the residual stream.
  var intermediateMultiple: Int?
  var epsilon = 1e-6
  var contextLength = 2048
  var ropeTheta = 10_000.0
  /// The share of a head that turns, where it may be less than all; nil: heads turn whole.
  var ropeShare: Double?
  var tiesEmbeddings = false
}
