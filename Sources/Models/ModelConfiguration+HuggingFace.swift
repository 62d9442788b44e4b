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
    let keys = family.keys
    let sizes = family.standardSizes
    let hidden = try reader.size(keys.hidden, missing: sizes?.hidden)
    let layers = try reader.size(keys.layers, limit: 100_000, missing: sizes?.layers)
    let heads = try reader.size(keys.heads, limit: 1_000_000, missing: sizes?.heads)
    self.init(
      family: family, vocabularySize: try reader.size("vocab_size", missing: sizes?.vocabulary), hiddenSize: hidden,
      intermediateSize: try reader.size(
        keys.intermediate, missing: sizes?.intermediate ?? (family == .gpt2 ? 4 * hidden : nil)),
      layerCount: layers, headCount: heads,
      contextLength: try reader.size(keys.context, missing: family.standardContextLength),
      normEpsilon: try reader.positive(keys.epsilon, missing: family.standardEpsilon),
      tiedEmbeddings: try reader.flag("tie_word_embeddings", missing: family.tiesEmbeddings),
      initializerRange: try reader.positive("initializer_range", missing: 0.02),
      beginOfTextToken: try reader.token("bos_token_id"), endOfTextToken: try reader.token("eos_token_id"))
    if family == .apus { try readArchitecture(reader) }
    if family != .gpt2 {
      try readHeads(reader, standardGroups: sizes?.groups)
      try readRotaryLayers(reader)
    } else {
      guard hidden % heads == 0 else {
        throw reader.error(keys.heads, "\(heads) does not divide \(keys.hidden) \(hidden)")
      }
    }
    if family.hasExperts { feedForwards = try reader.experts(family, layers: layerCount) }
    if family != .apus { try readBiases(reader) }
    do {
      try checkLayers()
    } catch let error as SettingsError {
      throw reader.error(error.key, error.problem)
    }
    guard hasCountableSize else {
      throw reader.error(keys.hidden, "these sizes make a model of more than a quadrillion parameters")
    }
  }

  private mutating func readArchitecture(_ reader: HuggingFaceConfigurationReader) throws {
    guard let settings = reader.value("architecture") else {
      throw reader.error("architecture", "missing; it says what an apus model is made of")
    }
    do {
      try apply(architecture: settings, path: "architecture")
    } catch let error as SettingsError {
      throw reader.error(error.key, error.problem)
    }
  }

  private mutating func readHeads(_ reader: HuggingFaceConfigurationReader, standardGroups: Int?) throws {
    let groups = try reader.size("num_key_value_heads", limit: 1_000_000, missing: standardGroups ?? headCount)
    let standard = family.standardHeadDimension ?? hiddenSize / headCount
    let width = try reader.size("head_dim", limit: 65_536, missing: standard)
    guard headCount % groups == 0 else {
      throw reader.error("num_key_value_heads", "\(groups) does not divide num_attention_heads \(headCount)")
    }
    guard width > 0, width % 2 == 0 || positions != .rotary else {
      throw reader.error("head_dim", "\(width) is odd or 0; rotary embeddings need pairs")
    }
    keyValueHeadCount = groups
    headDimension = width
    if family == .gemma3 { attentionScalar = try reader.size("query_pre_attn_scalar", missing: 256) }
  }

  private mutating func readRotaryLayers(_ reader: HuggingFaceConfigurationReader) throws {
    (ropeTheta, ropeScaling) = try reader.rope(standardTheta: family.standardRopeTheta)
    if family == .smollm3 { noRopeInterval = try reader.noRopeInterval(layers: layerCount) }
    if family == .gemma3 {
      localRopeTheta = try reader.localRopeTheta()
      fullAttentionInterval = try reader.fullAttentionInterval(layers: layerCount)
    }
    slidingWindow = try reader.slidingWindow(family, layers: layerCount, noRopeInterval: noRopeInterval)
  }

  private mutating func readBiases(_ reader: HuggingFaceConfigurationReader) throws {
    if try reader.flag("attention_bias", missing: false) {
      guard family.mayHaveAttentionBias else {
        throw reader.error("attention_bias", "true is not supported; which projections have biases is fixed here")
      }
      queryKeyValueBias = true
      attentionOutputBias = true
    }
    if try reader.flag("mlp_bias", missing: false) {
      guard family.mayHaveFeedForwardBias else {
        throw reader.error("mlp_bias", "true is not supported; this family's feed-forward layer has no biases")
      }
      feedForwardBias = true
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

  fileprivate var standardEpsilon: Double { [.olmo2, .gpt2, .mixtral].contains(self) ? 1e-5 : 1e-6 }

  fileprivate var standardContextLength: Int {
    switch self {
    case .llama, .olmo2, .apus: 2048
    case .gpt2: 1024
    case .gemma3: 131_072
    case .qwen2, .qwen3, .qwen3MoE, .smollm3: 32_768
    case .mixtral: 131_072
    }
  }

  fileprivate var standardRopeTheta: Double {
    switch self {
    case .smollm3: 2_000_000
    case .gemma3, .mixtral: 1_000_000
    default: 10_000
    }
  }

  fileprivate var tiesEmbeddings: Bool { self == .smollm3 || self == .gemma3 || self == .gpt2 }
}
