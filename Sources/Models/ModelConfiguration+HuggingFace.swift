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

  /// Reads a parsed `config.json` of the families of ``Family``; of a Gemma 3 with vision (`gemma3`) the language model.
  ///
  /// Rotary settings are read in both layouts: `rope_theta` and `rope_scaling`, or transformers 5's `rope_parameters`.
  ///
  /// - Throws: `HuggingFaceConfigurationError` for a missing key, a wrong value, or a feature outside these families.
  public init(huggingFace json: JSON, file: String) throws {
    let reader = try HuggingFaceConfigurationReader(json, file: file)
    let family = try reader.family()
    try reader.refuseUnsupported(family)
    let sizes = family.standardSizes
    let hidden = try reader.size("hidden_size", missing: sizes?.hidden)
    let layers = try reader.size("num_hidden_layers", limit: 100_000, missing: sizes?.layers)
    let heads = try reader.size("num_attention_heads", limit: 1_000_000, missing: sizes?.heads)
    let groups = try reader.size("num_key_value_heads", limit: 1_000_000, missing: sizes?.groups ?? heads)
    let width = try reader.size("head_dim", limit: 65_536, missing: family.standardHeadDimension ?? hidden / heads)
    guard heads % groups == 0 else {
      throw reader.error("num_key_value_heads", "\(groups) does not divide num_attention_heads \(heads)")
    }
    guard width > 0, width % 2 == 0 else {
      throw reader.error("head_dim", "\(width) is odd or 0; rotary embeddings need pairs")
    }
    let rope = try reader.rope(standardTheta: family.standardRopeTheta)
    let noRope = family == .smollm3 ? try reader.noRopeInterval(layers: layers) : nil
    self.init(
      family: family, vocabularySize: try reader.size("vocab_size", missing: sizes?.vocabulary), hiddenSize: hidden,
      intermediateSize: try reader.size("intermediate_size", missing: sizes?.intermediate), layerCount: layers,
      headCount: heads, keyValueHeadCount: groups, headDimension: width,
      contextLength: try reader.size("max_position_embeddings", missing: family.standardContextLength),
      ropeTheta: rope.theta, ropeScaling: rope.scaling,
      localRopeTheta: family == .gemma3 ? try reader.localRopeTheta() : nil, noRopeInterval: noRope,
      normEpsilon: try reader.positive("rms_norm_eps", missing: family == .olmo2 ? 1e-5 : 1e-6),
      tiedEmbeddings: try reader.flag("tie_word_embeddings", missing: family.tiesEmbeddings),
      attentionScalar: family == .gemma3 ? try reader.size("query_pre_attn_scalar", missing: 256) : nil,
      slidingWindow: try reader.slidingWindow(family, layers: layers, noRopeInterval: noRope),
      fullAttentionInterval: family == .gemma3 ? try reader.fullAttentionInterval(layers: layers) : nil,
      initializerRange: try reader.positive("initializer_range", missing: 0.02),
      beginOfTextToken: try reader.token("bos_token_id"), endOfTextToken: try reader.token("eos_token_id"))
    guard hasCountableSize else {
      throw reader.error("hidden_size", "these sizes make a model of more than a quadrillion parameters")
    }
  }
}

/// What transformers takes for a key that a `config.json` leaves out.
extension ModelConfiguration.Family {
  /// Sizes that a file may leave out: those of a published Gemma 3 with vision name only what differs from these.
  fileprivate var standardSizes:
    (vocabulary: Int, hidden: Int, intermediate: Int, layers: Int, heads: Int, groups: Int)?
  {
    self == .gemma3 ? (262_208, 2304, 9216, 26, 8, 4) : nil
  }

  fileprivate var standardHeadDimension: Int? {
    switch self {
    case .qwen3: 128
    case .gemma3: 256
    default: nil
    }
  }

  fileprivate var standardContextLength: Int {
    switch self {
    case .llama, .olmo2: 2048
    case .gemma3: 131_072
    case .qwen2, .qwen3, .smollm3: 32_768
    }
  }

  fileprivate var standardRopeTheta: Double {
    switch self {
    case .smollm3: 2_000_000
    case .gemma3: 1_000_000
    default: 10_000
    }
  }

  fileprivate var tiesEmbeddings: Bool { self == .smollm3 || self == .gemma3 }
}
