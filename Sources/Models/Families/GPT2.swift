import Formats
import OrderedCollections

extension ModelConfiguration.Family {
  /// GPT-2: learned positions, LayerNorm, biases everywhere.
  public static let gpt2 = Self(GPT2Family.self)
}

enum GPT2Family: ModelFamily {
  static let modelTypes = ["gpt2"]
  static let architecture = "GPT2LMHeadModel"
  static let keys = HuggingFaceKeys(
    hidden: "n_embd", intermediate: "n_inner", layers: "n_layer", heads: "n_head", context: "n_positions",
    epsilon: "layer_norm_epsilon", activation: "activation_function")
  static let standards = HuggingFaceStandards(
    intermediateMultiple: 4, epsilon: 1e-5, contextLength: 1024, tiesEmbeddings: true)
  static let mayHaveAttentionBias = false
  static let gguf: String? = "gpt2"

  static func prepare(_ c: inout ModelConfiguration) {
    c.positions = .learned
    c.norm = .layer
    c.activation = .gelu
    (c.queryKeyValueBias, c.attentionOutputBias, c.feedForwardBias) = (true, true, true)
  }

  static func read(_ reader: HuggingFaceConfigurationReader, into c: inout ModelConfiguration) throws {
    try reader.checkActivation(c.activation.huggingFaceName)
    guard c.hiddenSize % c.headCount == 0 else {
      throw reader.error(keys.heads, "\(c.headCount) does not divide \(keys.hidden) \(c.hiddenSize)")
    }
    try reader.readBiases(into: &c)
  }

  /// Nothing is left out in training, nothing is scaled.
  static func members(_ c: ModelConfiguration) -> OrderedDictionary<String, JSON> {
    [
      "attn_pdrop": .number(0), "embd_pdrop": .number(0), "resid_pdrop": .number(0), "scale_attn_weights": .bool(true),
    ]
  }

  static let names = ParameterNames(
    embedding: "transformer.wte", positions: "transformer.wpe", finalNorm: "transformer.ln_f", blocks: "transformer.h")

  static func block(_ at: String, _ c: ModelConfiguration) -> ParameterNames.Block {
    ParameterNames.Block(
      normBeforeAttention: "\(at).ln_1", normBeforeFeedForward: "\(at).ln_2", projection: ["\(at).attn.c_attn"],
      queryNorm: "\(at).attn.q_norm", keyNorm: "\(at).attn.k_norm", sinks: "\(at).attn.sinks",
      output: "\(at).attn.c_proj",
      feedForwardInputs: ["\(at).mlp.c_fc"], feedForwardOutput: "\(at).mlp.c_proj", experts: .init("\(at).mlp"))
  }

  /// Matrices lie the other way round.
  static func place(of parameter: ParameterDeclaration, in c: ModelConfiguration) -> StoredPlace? {
    guard parameter.shape.count == 2, [.attention, .feedForward].contains(parameter.component) else { return nil }
    return .transposed(parameter)
  }

  static let presets: [Preset] = [
    .gpt2With124M, preset("gpt2-medium", width: 1024, layers: 24, heads: 16),
    preset("gpt2-large", width: 1280, layers: 36, heads: 20), preset("gpt2-xl", width: 1600, layers: 48, heads: 25),
  ]

  fileprivate static func preset(_ name: String, width: Int, layers: Int, heads: Int) -> Preset {
    Preset(
      name, "GPT-2, learned positions",
      ModelConfiguration(
        family: .gpt2, vocabularySize: 50_257, hiddenSize: width, intermediateSize: 4 * width, layerCount: layers,
        headCount: heads, contextLength: 1024, normEpsilon: 1e-5, tiedEmbeddings: true, beginOfTextToken: 50_256,
        endOfTextToken: 50_256))
  }
}

extension Preset {
  /// The smallest GPT-2.
  public static let gpt2With124M = GPT2Family.preset("gpt2", width: 768, layers: 12, heads: 12)
}
