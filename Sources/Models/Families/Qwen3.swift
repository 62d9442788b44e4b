extension ModelConfiguration.Family {
  /// Qwen3 (arXiv:2505.09388): normalised queries and keys.
  public static let qwen3 = Self(Qwen3Family.self)
}

enum Qwen3Family: ModelFamily {
  static let modelTypes = ["qwen3"]
  static let architecture = "Qwen3ForCausalLM"
  static let standards = HuggingFaceStandards(headDimension: 128, contextLength: 32_768)
  static let mayHaveWindow = true
  static let hasMaxWindowLayers = true
  static let gguf: String? = "qwen3"

  static func prepare(_ c: inout ModelConfiguration) { c.queryKeyNorm = .head }

  static let presets: [Preset] = [
    .qwen3With0Point6B,
    preset("qwen3-1.7b", width: 2048, feedForward: 6144, layers: 28, heads: 16, tied: true),
    preset("qwen3-4b", width: 2560, feedForward: 9728, layers: 36, heads: 32, tied: true),
    preset("qwen3-8b", width: 4096, feedForward: 12_288, layers: 36, heads: 32, tied: false),
  ]

  fileprivate static func preset(
    _ name: String, width: Int, feedForward: Int, layers: Int, heads: Int, tied: Bool
  ) -> Preset {
    Preset(
      name, "Qwen3, normalised queries and keys (arXiv:2505.09388)",
      ModelConfiguration(
        family: .qwen3, vocabularySize: 151_936, hiddenSize: width, intermediateSize: feedForward, layerCount: layers,
        headCount: heads, keyValueHeadCount: 8, headDimension: 128, contextLength: 40_960, ropeTheta: 1e6,
        tiedEmbeddings: tied, beginOfTextToken: 151_643, endOfTextToken: 151_645))
  }
}

extension Preset {
  /// Qwen3 with 0.6 billion parameters.
  public static let qwen3With0Point6B = Qwen3Family.preset(
    "qwen3-0.6b", width: 1024, feedForward: 3072, layers: 28, heads: 16, tied: true)
}
