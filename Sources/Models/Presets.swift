/// Published models by name.
public enum Preset: String, Sendable, CaseIterable {
  case smolLM2With135M = "smollm2-135m"
  case smolLM2With360M = "smollm2-360m"
  case smolLM2With1Point7B = "smollm2-1.7b"
  case smolLM3With3B = "smollm3-3b"
  case llama3Point2With1B = "llama-3.2-1b"
  case llama3Point2With3B = "llama-3.2-3b"
  case qwen3With0Point6B = "qwen3-0.6b"
  case qwen3With1Point7B = "qwen3-1.7b"
  case qwen3With4B = "qwen3-4b"
  case qwen3With8B = "qwen3-8b"
  case gemma3With270M = "gemma-3-270m"
  case gemma3With1B = "gemma-3-1b"
  case gemma3With4B = "gemma-3-4b"
  case gemma3With12B = "gemma-3-12b"
  case gemma3With27B = "gemma-3-27b"
  case olmo2With1B = "olmo-2-1b"
  case olmo2With7B = "olmo-2-7b"
  case gpt2With124M = "gpt2"
  case gpt2With355M = "gpt2-medium"
  case gpt2With774M = "gpt2-large"
  case gpt2With1558M = "gpt2-xl"
  case apusWith492M = "apus-492m"

  /// The preset of this name, letter case ignored.
  ///
  /// - Throws: `UnknownPreset` with the nearest name.
  public init(named name: String) throws(UnknownPreset) {
    guard let preset = Preset(rawValue: name.lowercased()) else { throw UnknownPreset(name: name) }
    self = preset
  }

  /// One line on where the model comes from.
  public var summary: String {
    switch self {
    case .smolLM2With135M, .smolLM2With360M, .smolLM2With1Point7B: "SmolLM2, a small Llama (arXiv:2502.02737)"
    case .smolLM3With3B: "SmolLM3, no rotary embedding in every fourth layer"
    case .llama3Point2With1B, .llama3Point2With3B: "Llama 3.2, stretched rotary frequencies"
    case .qwen3With0Point6B, .qwen3With1Point7B, .qwen3With4B, .qwen3With8B:
      "Qwen3, normalised queries and keys (arXiv:2505.09388)"
    case .gemma3With270M, .gemma3With1B: "Gemma 3, five layers of six with a window (arXiv:2503.19786)"
    case .gemma3With4B, .gemma3With12B, .gemma3With27B: "the language model of Gemma 3 (arXiv:2503.19786)"
    case .olmo2With1B, .olmo2With7B: "OLMo 2, norms after each layer (arXiv:2501.00656)"
    case .gpt2With124M, .gpt2With355M, .gpt2With774M, .gpt2With1558M: "GPT-2, learned positions"
    case .apusWith492M: "deep and narrow, trained on four A100s with Llama 3's vocabulary"
    }
  }

  /// The model's shape as published.
  public var configuration: ModelConfiguration {
    switch self {
    case .smolLM2With135M:
      Self.smolLM2(width: 576, feedForward: 1536, layers: 30, heads: 9, groups: 3, theta: 1e5, range: 1 / 24)
    case .smolLM2With360M:
      Self.smolLM2(width: 960, feedForward: 2560, layers: 32, heads: 15, groups: 5, theta: 1e5, range: 0.02)
    case .smolLM2With1Point7B:
      Self.smolLM2(width: 2048, feedForward: 8192, layers: 24, heads: 32, groups: 32, theta: 1.3e5, range: 0.02)
    case .smolLM3With3B:
      ModelConfiguration(
        family: .smollm3, vocabularySize: 128_256, hiddenSize: 2048, intermediateSize: 11_008, layerCount: 36,
        headCount: 16, keyValueHeadCount: 4, contextLength: 65_536, ropeTheta: 5e6, noRopeInterval: 4,
        tiedEmbeddings: true, beginOfTextToken: 128_000, endOfTextToken: 128_001)
    case .llama3Point2With1B: Self.llama(width: 2048, layers: 16, heads: 32, headDimension: 64)
    case .llama3Point2With3B: Self.llama(width: 3072, layers: 28, heads: 24, headDimension: 128)
    case .qwen3With0Point6B: Self.qwen3(width: 1024, feedForward: 3072, layers: 28, heads: 16, tied: true)
    case .qwen3With1Point7B: Self.qwen3(width: 2048, feedForward: 6144, layers: 28, heads: 16, tied: true)
    case .qwen3With4B: Self.qwen3(width: 2560, feedForward: 9728, layers: 36, heads: 32, tied: true)
    case .qwen3With8B: Self.qwen3(width: 4096, feedForward: 12_288, layers: 36, heads: 32, tied: false)
    case .gemma3With270M: Self.gemma3(width: 640, feedForward: 2048, layers: 18, heads: 4, groups: 1)
    case .gemma3With1B: Self.gemma3(width: 1152, feedForward: 6912, layers: 26, heads: 4, groups: 1)
    case .gemma3With4B: Self.visualGemma3(width: 2560, feedForward: 10_240, layers: 34, heads: 8, groups: 4)
    case .gemma3With12B: Self.visualGemma3(width: 3840, feedForward: 15_360, layers: 48, heads: 16, groups: 8)
    case .gemma3With27B:
      Self.visualGemma3(
        width: 5376, feedForward: 21_504, layers: 62, heads: 32, groups: 16, headDimension: 128, scalar: 168)
    case .olmo2With1B: Self.olmo2(width: 2048, feedForward: 8192, layers: 16, heads: 16)
    case .olmo2With7B: Self.olmo2(width: 4096, feedForward: 11_008, layers: 32, heads: 32)
    case .gpt2With124M: Self.gpt2(width: 768, layers: 12, heads: 12)
    case .gpt2With355M: Self.gpt2(width: 1024, layers: 24, heads: 16)
    case .gpt2With774M: Self.gpt2(width: 1280, layers: 36, heads: 20)
    case .gpt2With1558M: Self.gpt2(width: 1600, layers: 48, heads: 25)
    case .apusWith492M:
      ModelConfiguration(
        vocabularySize: 128_256, hiddenSize: 1024, intermediateSize: 2816, layerCount: 32, headCount: 16,
        keyValueHeadCount: 4, contextLength: 1024, tiedEmbeddings: true, beginOfTextToken: 128_000,
        endOfTextToken: 128_001)
    }
  }

  private static func smolLM2(
    width: Int, feedForward: Int, layers: Int, heads: Int, groups: Int, theta: Double, range: Double
  ) -> ModelConfiguration {
    ModelConfiguration(
      vocabularySize: 49_152, hiddenSize: width, intermediateSize: feedForward, layerCount: layers, headCount: heads,
      keyValueHeadCount: groups, contextLength: 8192, ropeTheta: theta, normEpsilon: 1e-5, tiedEmbeddings: true,
      initializerRange: range, beginOfTextToken: 0, endOfTextToken: 0)
  }

  private static func llama(width: Int, layers: Int, heads: Int, headDimension: Int) -> ModelConfiguration {
    ModelConfiguration(
      vocabularySize: 128_256, hiddenSize: width, intermediateSize: 8192, layerCount: layers, headCount: heads,
      keyValueHeadCount: 8, headDimension: headDimension, contextLength: 131_072, ropeTheta: 5e5,
      ropeScaling: .llama3(
        factor: 32, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192),
      normEpsilon: 1e-5, tiedEmbeddings: true, beginOfTextToken: 128_000, endOfTextToken: 128_001)
  }

  private static func qwen3(
    width: Int, feedForward: Int, layers: Int, heads: Int, tied: Bool
  ) -> ModelConfiguration {
    ModelConfiguration(
      family: .qwen3, vocabularySize: 151_936, hiddenSize: width, intermediateSize: feedForward, layerCount: layers,
      headCount: heads, keyValueHeadCount: 8, headDimension: 128, contextLength: 40_960, ropeTheta: 1e6,
      tiedEmbeddings: tied, beginOfTextToken: 151_643, endOfTextToken: 151_645)
  }
}

extension Preset {
  private static func gemma3(
    width: Int, feedForward: Int, layers: Int, heads: Int, groups: Int
  ) -> ModelConfiguration {
    ModelConfiguration(
      family: .gemma3, vocabularySize: 262_144, hiddenSize: width, intermediateSize: feedForward, layerCount: layers,
      headCount: heads, keyValueHeadCount: groups, headDimension: 256, contextLength: 32_768, ropeTheta: 1e6,
      localRopeTheta: 1e4, tiedEmbeddings: true, attentionScalar: 256, slidingWindow: 512, fullAttentionInterval: 6,
      beginOfTextToken: 2, endOfTextToken: 1)
  }

  /// The language model of a Gemma 3 that also sees pictures.
  private static func visualGemma3(
    width: Int, feedForward: Int, layers: Int, heads: Int, groups: Int, headDimension: Int = 256, scalar: Int = 256
  ) -> ModelConfiguration {
    ModelConfiguration(
      family: .gemma3, vocabularySize: 262_208, hiddenSize: width, intermediateSize: feedForward, layerCount: layers,
      headCount: heads, keyValueHeadCount: groups, headDimension: headDimension, contextLength: 131_072,
      ropeTheta: 1e6, ropeScaling: .linear(factor: 8), localRopeTheta: 1e4, tiedEmbeddings: true,
      attentionScalar: scalar, slidingWindow: 1024, fullAttentionInterval: 6, beginOfTextToken: 2, endOfTextToken: 1)
  }

  private static func olmo2(width: Int, feedForward: Int, layers: Int, heads: Int) -> ModelConfiguration {
    ModelConfiguration(
      family: .olmo2, vocabularySize: 100_352, hiddenSize: width, intermediateSize: feedForward, layerCount: layers,
      headCount: heads, contextLength: 4096, ropeTheta: 5e5, endOfTextToken: 100_257)
  }

  private static func gpt2(width: Int, layers: Int, heads: Int) -> ModelConfiguration {
    ModelConfiguration(
      family: .gpt2, vocabularySize: 50_257, hiddenSize: width, intermediateSize: 4 * width, layerCount: layers,
      headCount: heads, contextLength: 1024, normEpsilon: 1e-5, tiedEmbeddings: true, beginOfTextToken: 50_256,
      endOfTextToken: 50_256)
  }
}

/// A name that is no preset's.
public struct UnknownPreset: Error, Equatable, Sendable, CustomStringConvertible {
  /// The name as given.
  public var name: String

  /// Creates the error.
  public init(name: String) { self.name = name }

  public var description: String {
    let all = Preset.allCases.map(\.rawValue)
    if let nearest = nearestName(to: name, in: all) { return "'\(name)' is no preset; did you mean '\(nearest)'?" }
    return "'\(name)' is no preset; there are \(all.joined(separator: ", "))"
  }
}
