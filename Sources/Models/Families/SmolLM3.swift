import Formats
import OrderedCollections

extension ModelConfiguration.Family {
  /// SmolLM3: no rotary embedding in every fourth layer.
  public static let smollm3 = Self(SmolLM3Family.self)
}

enum SmolLM3Family: ModelFamily {
  static let modelTypes = ["smollm3"]
  static let architecture = "SmolLM3ForCausalLM"
  static let standards = HuggingFaceStandards(contextLength: 32_768, ropeTheta: 2_000_000, tiesEmbeddings: true)
  static let mayHaveWindow = true
  static let mayHaveFeedForwardBias = true
  static let gguf: String? = "smollm3"
  static let hasRotaryPairsInGGUF = true

  static func read(_ reader: HuggingFaceConfigurationReader, into c: inout ModelConfiguration) throws {
    c.noRopeInterval = try reader.noRopeInterval(layers: c.layerCount)
    try reader.readAttention(into: &c)
  }

  static func members(_ c: ModelConfiguration) -> OrderedDictionary<String, JSON> {
    var members = c.attentionMembers
    members["no_rope_layers"] = .array((0..<c.layerCount).map { .integer(c.usesRope(layer: $0) ? 1 : 0) })
    return members
  }

  static let presets: [Preset] = [.smolLM3With3B]
}

extension Preset {
  /// SmolLM3 with 3 billion parameters.
  public static let smolLM3With3B = Preset(
    "smollm3-3b", "SmolLM3, no rotary embedding in every fourth layer",
    ModelConfiguration(
      family: .smollm3, vocabularySize: 128_256, hiddenSize: 2048, intermediateSize: 11_008, layerCount: 36,
      headCount: 16, keyValueHeadCount: 4, contextLength: 65_536, ropeTheta: 5e6, noRopeInterval: 4,
      tiedEmbeddings: true, beginOfTextToken: 128_000, endOfTextToken: 128_001))
}
