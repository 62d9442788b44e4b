import Formats
import OrderedCollections

extension ModelConfiguration.Family {
  /// Gemma 2 (arXiv:2408.00118): capped scores and logits, a window in every other layer.
  public static let gemma2 = Self(Gemma2Family.self)
}

enum Gemma2Family: ModelFamily {
  static let modelTypes = ["gemma2"]
  static let architecture = "Gemma2ForCausalLM"
  static let keys = Gemma3Family.keys
  static let standards = HuggingFaceStandards(
    keyValueHeads: 4, headDimension: 256, contextLength: 8192, tiesEmbeddings: true)
  static let mayHaveSoftCaps = true

  static func prepare(_ c: inout ModelConfiguration) {
    Gemma3Family.prepare(&c)
    c.queryKeyNorm = nil
  }

  static func read(_ reader: HuggingFaceConfigurationReader, into c: inout ModelConfiguration) throws {
    try reader.readAttention(into: &c)
    c.attentionScalar = try reader.size("query_pre_attn_scalar", missing: 256)
    c.fullAttentionInterval = try reader.fullAttentionInterval(layers: c.layerCount, missing: 2)
    c.slidingWindow = try reader.size("sliding_window", missing: 4096)
    /// A number, or nil for null.
    func cap(_ key: String, _ missing: Double) throws -> Double? {
      guard let given = reader.json[key], given.isNull else { return try reader.positive(key, missing: missing) }
      return nil
    }
    c.mixers = mixers(cap: try cap("attn_logit_softcapping", 50))
    c.logitSoftCap = try cap("final_logit_softcapping", 30)
  }

  private static func mixers(cap: Double?) -> LayerPattern<any MixerKind> {
    var attention = SoftmaxAttention()
    attention.logitSoftCap = cap
    return LayerPattern([attention])
  }

  static func members(_ c: ModelConfiguration) -> OrderedDictionary<String, JSON> {
    var members = c.attentionMembers.merging(c.windowMembers) { _, own in own }
    let cap = (c.mixer(layer: 0) as? SoftmaxAttention)?.logitSoftCap
    members["attn_logit_softcapping"] = cap.map { .number($0) } ?? .null
    members["final_logit_softcapping"] = c.logitSoftCap.map { .number($0) } ?? .null
    members["query_pre_attn_scalar"] = .integer(Int64(c.attentionScalar ?? c.headDimension))
    return members
  }

  static let presets: [Preset] = [
    preset("gemma-2-2b", width: 2304, feedForward: 9216, layers: 26, heads: 8),
    preset("gemma-2-9b", width: 3584, feedForward: 14_336, layers: 42, heads: 16),
    preset("gemma-2-27b", width: 4608, feedForward: 36_864, layers: 46, heads: 32, headDimension: 128, scalar: 144),
  ]

  private static func preset(
    _ name: String, width: Int, feedForward: Int, layers: Int, heads: Int, headDimension: Int = 256, scalar: Int = 256
  ) -> Preset {
    var c = ModelConfiguration(
      family: .gemma2, vocabularySize: 256_000, hiddenSize: width, intermediateSize: feedForward, layerCount: layers,
      headCount: heads, keyValueHeadCount: heads / 2, headDimension: headDimension, contextLength: 8192,
      tiedEmbeddings: true, attentionScalar: scalar, slidingWindow: 4096, fullAttentionInterval: 2,
      beginOfTextToken: 2, endOfTextToken: 1)
    c.mixers = mixers(cap: 50)
    c.logitSoftCap = 30
    return Preset(name, "Gemma 2, capped scores and logits, a window in every other layer (arXiv:2408.00118)", c)
  }
}
