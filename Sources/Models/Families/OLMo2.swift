extension ModelConfiguration.Family {
  /// OLMo 2 (arXiv:2501.00656): norms after each branch, and over all queries and all keys.
  public static let olmo2 = Self(OLMo2Family.self)
}

enum OLMo2Family: ModelFamily {
  static let modelTypes = ["olmo2"]
  static let architecture = "Olmo2ForCausalLM"
  static let standards = HuggingFaceStandards(epsilon: 1e-5)
  static let gguf: String? = "olmo2"

  static func prepare(_ c: inout ModelConfiguration) {
    c.normPlacement = .after
    c.queryKeyNorm = .projection
  }

  static let presets: [Preset] = [
    .olmo2With1B, preset("olmo-2-7b", width: 4096, feedForward: 11_008, layers: 32, heads: 32),
  ]

  fileprivate static func preset(_ name: String, width: Int, feedForward: Int, layers: Int, heads: Int) -> Preset {
    Preset(
      name, "OLMo 2, norms after each layer (arXiv:2501.00656)",
      ModelConfiguration(
        family: .olmo2, vocabularySize: 100_352, hiddenSize: width, intermediateSize: feedForward, layerCount: layers,
        headCount: heads, contextLength: 4096, ropeTheta: 5e5, endOfTextToken: 100_257))
  }
}

extension Preset {
  /// OLMo 2 with 1.5 billion parameters.
  public static let olmo2With1B = OLMo2Family.preset(
    "olmo-2-1b", width: 2048, feedForward: 8192, layers: 16, heads: 16)
}
