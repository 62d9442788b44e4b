import Formats
import OrderedCollections

extension ModelConfiguration.Family {
  /// The language models of Gemma 3 (arXiv:2503.19786): five layers of six with a window.
  public static let gemma3 = Self(Gemma3Family.self)
}

enum Gemma3Family: ModelFamily {
  static let modelTypes = ["gemma3_text"]
  static let visionModelType: String? = "gemma3"
  static let architecture = "Gemma3ForCausalLM"
  static let keys = HuggingFaceKeys(activation: "hidden_activation")
  // A published Gemma 3 with vision names only what differs from these.
  static let standards = HuggingFaceStandards(
    vocabulary: 262_208, hidden: 2304, intermediate: 9216, layers: 26, heads: 8, keyValueHeads: 4, headDimension: 256,
    contextLength: 131_072, ropeTheta: 1_000_000, tiesEmbeddings: true)
  static let mayHaveRopeByLayerType = true
  static let gguf: String? = "gemma3"

  static func prepare(_ c: inout ModelConfiguration) {
    c.norm = .rmsOnePlus
    c.normPlacement = .around
    c.scalesEmbedding = true
    c.queryKeyNorm = .head
    c.activation = .geGLU
  }

  static func read(_ reader: HuggingFaceConfigurationReader, into c: inout ModelConfiguration) throws {
    try reader.readAttention(into: &c)
    c.attentionScalar = try reader.size("query_pre_attn_scalar", missing: 256)
    c.localRopeTheta = try reader.localRopeTheta()
    c.fullAttentionInterval = try reader.fullAttentionInterval(layers: c.layerCount, missing: 6)
    c.slidingWindow = try reader.size("sliding_window", missing: 4096)
  }

  static func members(_ c: ModelConfiguration) -> OrderedDictionary<String, JSON> {
    var members = c.attentionMembers
    members.merge(c.windowMembers) { _, own in own }
    members["attn_logit_softcapping"] = .null
    members["final_logit_softcapping"] = .null
    members["query_pre_attn_scalar"] = .integer(Int64(c.attentionScalar ?? c.headDimension))
    members["rope_local_base_freq"] = .number(c.localRopeTheta ?? c.ropeTheta)
    return members
  }

  static let presets: [Preset] = [
    .gemma3With270M,
    text("gemma-3-1b", width: 1152, feedForward: 6912, layers: 26, heads: 4, groups: 1),
    visual("gemma-3-4b", width: 2560, feedForward: 10_240, layers: 34, heads: 8, groups: 4),
    visual("gemma-3-12b", width: 3840, feedForward: 15_360, layers: 48, heads: 16, groups: 8),
    visual(
      "gemma-3-27b", width: 5376, feedForward: 21_504, layers: 62, heads: 32, groups: 16, headDimension: 128,
      scalar: 168),
  ]

  fileprivate static func text(
    _ name: String, width: Int, feedForward: Int, layers: Int, heads: Int, groups: Int
  ) -> Preset {
    Preset(
      name, "Gemma 3, five layers of six with a window (arXiv:2503.19786)",
      ModelConfiguration(
        family: .gemma3, vocabularySize: 262_144, hiddenSize: width, intermediateSize: feedForward, layerCount: layers,
        headCount: heads, keyValueHeadCount: groups, headDimension: 256, contextLength: 32_768, ropeTheta: 1e6,
        localRopeTheta: 1e4, tiedEmbeddings: true, attentionScalar: 256, slidingWindow: 512, fullAttentionInterval: 6,
        beginOfTextToken: 2, endOfTextToken: 1))
  }

  /// The language model of a Gemma 3 that also sees pictures.
  private static func visual(
    _ name: String, width: Int, feedForward: Int, layers: Int, heads: Int, groups: Int, headDimension: Int = 256,
    scalar: Int = 256
  ) -> Preset {
    Preset(
      name, "the language model of Gemma 3 (arXiv:2503.19786)",
      ModelConfiguration(
        family: .gemma3, vocabularySize: 262_208, hiddenSize: width, intermediateSize: feedForward, layerCount: layers,
        headCount: heads, keyValueHeadCount: groups, headDimension: headDimension, contextLength: 131_072,
        ropeTheta: 1e6, ropeScaling: .linear(factor: 8), localRopeTheta: 1e4, tiedEmbeddings: true,
        attentionScalar: scalar, slidingWindow: 1024, fullAttentionInterval: 6, beginOfTextToken: 2, endOfTextToken: 1))
  }
}

extension Preset {
  /// Gemma 3 with 270 million parameters.
  public static let gemma3With270M = Gemma3Family.text(
    "gemma-3-270m", width: 640, feedForward: 2048, layers: 18, heads: 4, groups: 1)
}
