extension ModelConfiguration.Family {
  /// Llama 2 and 3 (arXiv:2407.21783), SmolLM2, and whatever else is nothing more.
  public static let llama = Self(LlamaFamily.self)
}

enum LlamaFamily: ModelFamily {
  static let modelTypes = ["llama"]
  static let architecture = "LlamaForCausalLM"
  static let mayHaveFeedForwardBias = true
  static let gguf: String? = "llama"
  static let hasRotaryPairsInGGUF = true

  static let presets: [Preset] = [
    .smolLM2With135M,
    smolLM2("smollm2-360m", width: 960, feedForward: 2560, layers: 32, heads: 15, groups: 5, theta: 1e5, range: 0.02),
    smolLM2(
      "smollm2-1.7b", width: 2048, feedForward: 8192, layers: 24, heads: 32, groups: 32, theta: 1.3e5, range: 0.02),
    .llama3Point2With1B,
    llama("llama-3.2-3b", width: 3072, layers: 28, heads: 24, headDimension: 128),
    llama(
      "llama-3.1-8b", width: 4096, feedForward: 14_336, layers: 32, heads: 32, headDimension: 128, factor: 8,
      tied: false),
    Preset(
      "apus-492m", "deep and narrow, trained on four A100s with Llama 3's vocabulary",
      ModelConfiguration(
        vocabularySize: 128_256, hiddenSize: 1024, intermediateSize: 2816, layerCount: 32, headCount: 16,
        keyValueHeadCount: 4, contextLength: 1024, tiedEmbeddings: true, beginOfTextToken: 128_000,
        endOfTextToken: 128_001)),
  ]

  fileprivate static func smolLM2(
    _ name: String, width: Int, feedForward: Int, layers: Int, heads: Int, groups: Int, theta: Double, range: Double
  ) -> Preset {
    Preset(
      name, "SmolLM2, a small Llama (arXiv:2502.02737)",
      ModelConfiguration(
        vocabularySize: 49_152, hiddenSize: width, intermediateSize: feedForward, layerCount: layers, headCount: heads,
        keyValueHeadCount: groups, contextLength: 8192, ropeTheta: theta, normEpsilon: 1e-5, tiedEmbeddings: true,
        initializerRange: range, beginOfTextToken: 0, endOfTextToken: 0))
  }

  fileprivate static func llama(
    _ name: String, width: Int, feedForward: Int = 8192, layers: Int, heads: Int, headDimension: Int,
    factor: Double = 32, tied: Bool = true
  ) -> Preset {
    Preset(
      name, "Llama \(name.dropFirst(6).prefix(3)), stretched rotary frequencies",
      ModelConfiguration(
        vocabularySize: 128_256, hiddenSize: width, intermediateSize: feedForward, layerCount: layers, headCount: heads,
        keyValueHeadCount: 8, headDimension: headDimension, contextLength: 131_072, ropeTheta: 5e5,
        ropeScaling: .llama3(
          factor: factor, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192),
        normEpsilon: 1e-5, tiedEmbeddings: tied, beginOfTextToken: 128_000, endOfTextToken: 128_001))
  }
}

extension Preset {
  /// SmolLM2 with 135 million parameters.
  public static let smolLM2With135M = LlamaFamily.smolLM2(
    "smollm2-135m", width: 576, feedForward: 1536, layers: 30, heads: 9, groups: 3, theta: 1e5, range: 1 / 24)
  /// Llama 3.2 with 1.2 billion.
  public static let llama3Point2With1B = LlamaFamily.llama(
    "llama-3.2-1b", width: 2048, layers: 16, heads: 32, headDimension: 64)
}
