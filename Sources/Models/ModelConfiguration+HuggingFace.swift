public import Formats

/// What is wrong with a `config.json`: one sentence with the file, the key, its value and what would be right.
public struct HuggingFaceConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
  public var file: String
  public var key: String
  public var problem: String

  public var description: String { key.isEmpty ? "\(file): \(problem)" : "\(file): \(key): \(problem)" }
}

extension ModelConfiguration {
  /// Reads the `config.json` of a Hugging Face folder, or the file itself.
  ///
  /// - Throws: `HuggingFaceConfigurationError`, or the error of a file that is missing or no JSON.
  public init(huggingFace path: String) throws {
    let file = Paths.isFolder(path) ? path.appendingPath("config.json") : path
    try self.init(huggingFace: JSON.parse(contentsOfFile: file), file: file)
  }

  /// Reads a parsed `config.json` of the families llama, qwen3 and smollm3.
  ///
  /// Rotary settings are read in both layouts: `rope_theta` and `rope_scaling`, or transformers 5's `rope_parameters`.
  ///
  /// - Throws: `HuggingFaceConfigurationError` for a missing key, a wrong value, or a feature outside these families.
  public init(huggingFace json: JSON, file: String) throws {
    let reader = try HuggingFaceConfigurationReader(json, file: file)
    let family = try reader.family()
    try reader.refuseUnsupported()
    let hidden = try reader.size("hidden_size")
    let layers = try reader.size("num_hidden_layers", limit: 100_000)
    let heads = try reader.size("num_attention_heads", limit: 1_000_000)
    let groups = try reader.size("num_key_value_heads", limit: 1_000_000, missing: heads)
    let standardWidth = family == .qwen3 ? 128 : hidden / heads
    let width = try reader.size("head_dim", limit: 65_536, missing: standardWidth)
    guard heads % groups == 0 else {
      throw reader.error("num_key_value_heads", "\(groups) does not divide num_attention_heads \(heads)")
    }
    guard width > 0, width % 2 == 0 else {
      throw reader.error("head_dim", "\(width) is odd or 0; rotary embeddings need pairs")
    }
    let rope = try reader.rope(standardTheta: family == .smollm3 ? 2_000_000 : 10_000)
    let noRope = family == .smollm3 ? try reader.noRopeInterval(layers: layers) : nil
    self.init(
      family: family, vocabularySize: try reader.size("vocab_size"), hiddenSize: hidden,
      intermediateSize: try reader.size("intermediate_size"), layerCount: layers, headCount: heads,
      keyValueHeadCount: groups, headDimension: width,
      contextLength: try reader.size("max_position_embeddings", missing: family == .llama ? 2048 : 32_768),
      ropeTheta: rope.theta, ropeScaling: rope.scaling, noRopeInterval: noRope,
      normEpsilon: try reader.positive("rms_norm_eps", missing: 1e-6),
      tiedEmbeddings: try reader.flag("tie_word_embeddings", missing: family == .smollm3),
      queryKeyNorm: family == .qwen3,
      slidingWindow: try reader.slidingWindow(family, layers: layers, noRopeInterval: noRope),
      initializerRange: try reader.positive("initializer_range", missing: 0.02),
      beginOfTextToken: try reader.token("bos_token_id"), endOfTextToken: try reader.token("eos_token_id"))
    guard hasCountableSize else {
      throw reader.error("hidden_size", "these sizes make a model of more than a quadrillion parameters")
    }
  }
}
