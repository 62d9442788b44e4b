import Models

extension RunConfiguration {
  /// `model.model_config`: the keys of nanotron's `LlamaConfig` and `Qwen2Config` together.
  ///
  /// Where a value is `nil` the model's folder (`init_method.path`), the tokenizer or the data decides it; a run from
  /// scratch has only the vocabulary and the special tokens open.
  public struct ModelShape: Sendable, Equatable {
    public var vocabularySize: Int?
    public var beginOfTextToken: Int?
    public var endOfTextToken: Int?
    public var hiddenSize: Int?
    public var intermediateSize: Int?
    public var layerCount: Int?
    public var headCount: Int?
    public var keyValueHeadCount: Int?
    public var contextLength: Int?
    public var normEpsilon: Double?
    public var ropeTheta: Double?
    public var ropeScaling: ModelConfiguration.RopeScaling?
    public var tiedEmbeddings: Bool?
    /// Layer `i` from 0 has no rotary embedding when `(i + 1) % noRopeInterval == 0` (`no_rope_layer`).
    public var noRopeInterval: Int?
    public var slidingWindow: Int?
    /// `moe_config`: experts instead of one feed-forward layer. Default null: none.
    public var mixture: MixtureShape?
    /// Whether attention stays inside a document (`_use_doc_masking`, or a `document` mask). Default false.
    public var documentMasking: Bool
    /// Whether coefficient · (log Z)² is added to the loss. Default false.
    public var zLossEnabled: Bool
    /// Default 1e-4.
    public var zLossCoefficient: Double

    init(
      _ node: ConfigurationNode?, sequenceLength: Int, notes: inout ReadingNotes
    ) throws(ConfigurationError) {
      let section = try notes.section(
        node, "model.model_config",
        known: [
          "is_llama_config", "is_qwen2_config", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
          "num_attention_heads", "num_key_value_heads", "max_position_embeddings", "rms_norm_eps", "rope_theta",
          "rope_scaling", "rope_seq_len_interpolation_factor", "rope_interleaved", "tie_word_embeddings",
          "bos_token_id", "eos_token_id", "hidden_act", "attention_bias", "no_rope_layer", "sliding_window_size",
          "flex_attention_mask", "_use_doc_masking", "z_loss_enabled", "z_loss_coefficient", "moe_config",
        ],
        withoutEffect: [
          "pad_token_id": "null", "initializer_range": "0.02", "pretraining_tp": "1", "use_cache": "true",
          "_attn_implementation": "flash_attention_2", "_fused_rotary_emb": "true", "_fused_rms_norm": "true",
          "_use_qkv_packed": "true", "log_attn_probs": "true", "ring_attn_heads_k_stride": "null",
        ])
      try Self.refuseUnsupported(section)
      let size = 1...RunConfiguration.largestSize
      if let given = try section.integer("vocab_size", in: -1...RunConfiguration.largestSize), given != -1 {
        guard given > 0 else { throw section.error("vocab_size", "0 is out of range; give a size, or -1 for the data's") }
        vocabularySize = given
      }
      let identifiers = 0...RunConfiguration.largestSize
      beginOfTextToken = try section.integer("bos_token_id", in: identifiers)
      endOfTextToken = try section.integer("eos_token_id", in: identifiers)
      hiddenSize = try section.integer("hidden_size", in: size)
      intermediateSize = try section.integer("intermediate_size", in: size)
      layerCount = try section.integer("num_hidden_layers", in: 1...100_000)
      headCount = try section.integer("num_attention_heads", in: 1...1_000_000)
      keyValueHeadCount = try section.integer("num_key_value_heads", in: 1...1_000_000)
      contextLength = try section.integer("max_position_embeddings", in: size)
      normEpsilon = try section.number("rms_norm_eps", where: { $0 > 0 }, "above 0")
      ropeTheta = try section.number("rope_theta", where: { $0 > 0 }, "above 0")
      ropeScaling = try Self.ropeScaling(section, notes: &notes)
      tiedEmbeddings = try section.bool("tie_word_embeddings")
      noRopeInterval = try section.integer("no_rope_layer", in: 1...100_000)
      slidingWindow = try section.integer("sliding_window_size", in: size)
      if let node = section["moe_config"] {
        mixture = try MixtureShape(node, layerCount: layerCount ?? 32, notes: &notes)
      }
      let mask = try section.choice("flex_attention_mask", FlexMask.self)
      if mask == .slidingWindow || mask == .slidingWindowDocument, slidingWindow == nil {
        throw section.error("flex_attention_mask", "a sliding window needs sliding_window_size; give it too")
      }
      documentMasking =
        try section.bool("_use_doc_masking") ?? false || mask == .document || mask == .slidingWindowDocument
      zLossEnabled = try section.bool("z_loss_enabled") ?? false
      zLossCoefficient = try section.number("z_loss_coefficient", where: { $0 >= 0 }, "0 or more") ?? 1e-4
    }

    /// nanotron's defaults for a model from scratch; the context also holds at least one training sample.
    mutating func takeDefaults(sequenceLength: Int) {
      hiddenSize = hiddenSize ?? 4096
      intermediateSize = intermediateSize ?? 11008
      layerCount = layerCount ?? 32
      headCount = headCount ?? 32
      keyValueHeadCount = keyValueHeadCount ?? headCount
      contextLength = contextLength ?? max(2048, sequenceLength)
      normEpsilon = normEpsilon ?? 1e-6
      ropeTheta = ropeTheta ?? 10_000
      tiedEmbeddings = tiedEmbeddings ?? false
    }

    private enum FlexMask: String, CaseIterable {
      case slidingWindow = "sliding_window"
      case document
      case slidingWindowDocument = "sliding_window_document"
    }

    private static func refuseUnsupported(_ section: ConfigurationSection) throws(ConfigurationError) {
      for key in ["is_llama_config", "is_qwen2_config"] { _ = try section.bool(key) }
      if let activation = try section.string("hidden_act"), activation.lowercased() != "silu" {
        throw section.error("hidden_act", "'\(activation)' is not supported; the feed-forward layer is SwiGLU: silu")
      }
      if try section.bool("attention_bias") == true {
        throw section.error("attention_bias", "biases in attention are not supported; it must be false")
      }
      if try section.bool("rope_interleaved") == true {
        throw section.error("rope_interleaved", "nanotron's pairs are not supported here; apus.architecture has rope_interleaved")
      }
    }

    private static func ropeScaling(
      _ section: ConfigurationSection, notes: inout ReadingNotes
    ) throws(ConfigurationError) -> ModelConfiguration.RopeScaling? {
      let factorKey = "rope_seq_len_interpolation_factor"
      let interpolation = try section.number(factorKey, where: { $0 >= 1 }, "1 or more")
      guard let node = section["rope_scaling"] else { return interpolation.map { .linear(factor: $0) } }
      if interpolation != nil {
        throw section.error(factorKey, "rope_scaling stretches positions already; keep one of the two")
      }
      let scaling = try notes.section(
        node, section.childPath("rope_scaling"),
        known: [
          "rope_type", "type", "factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings",
          "beta_fast", "beta_slow", "attention_factor", "mscale", "mscale_all_dim", "truncate",
        ])
      let key = scaling["rope_type"] != nil ? "rope_type" : "type"
      func factor(_ key: String) throws(ConfigurationError) -> Double {
        guard let value = try scaling.number(key, where: { $0 > 0 }, "above 0") else {
          throw scaling.error(key, "missing; this kind of scaling needs it")
        }
        return value
      }
      func originalLength() throws(ConfigurationError) -> Int {
        let original = "original_max_position_embeddings"
        guard let length = try scaling.integer(original, in: 1...RunConfiguration.largestSize) else {
          throw scaling.error(original, "missing; this kind of scaling needs it")
        }
        return length
      }
      switch try scaling.string(key)?.lowercased() {
      case "default": return nil
      case "linear": return .linear(factor: try factor("factor"))
      case "yarn":
        var yarn = YaRN(factor: try factor("factor"), originalContextLength: try originalLength())
        yarn.betaFast = try scaling.number("beta_fast", where: { $0 > 0 }, "above 0") ?? yarn.betaFast
        yarn.betaSlow = try scaling.number("beta_slow", where: { $0 > 0 }, "above 0") ?? yarn.betaSlow
        yarn.attentionFactor = try scaling.number("attention_factor", where: { $0 > 0 }, "above 0")
        yarn.mscale = try scaling.number("mscale", where: { $0 >= 0 }, "0 or more")
        yarn.mscaleAllDimensions = try scaling.number("mscale_all_dim", where: { $0 >= 0 }, "0 or more")
        yarn.truncates = try scaling.bool("truncate") ?? true
        return .yarn(yarn)
      case "llama3":
        let length = try originalLength()
        let low = try factor("low_freq_factor")
        let high = try factor("high_freq_factor")
        guard high > low else {
          throw scaling.error("high_freq_factor", "\(high) must be above low_freq_factor \(low)")
        }
        return .llama3(
          factor: try factor("factor"), lowFrequencyFactor: low, highFrequencyFactor: high,
          originalContextLength: length)
      default:
        throw scaling.error(key, "\(scaling[key]?.shown ?? "nothing") is not one of llama3, yarn, linear, default")
      }
    }

    var yaml: YAMLValue {
      .mapping([
        "vocab_size": .int(vocabularySize ?? -1),
        "bos_token_id": .optional(beginOfTextToken, YAMLValue.int),
        "eos_token_id": .optional(endOfTextToken, YAMLValue.int),
        "hidden_size": .optional(hiddenSize, YAMLValue.int),
        "intermediate_size": .optional(intermediateSize, YAMLValue.int),
        "num_hidden_layers": .optional(layerCount, YAMLValue.int),
        "num_attention_heads": .optional(headCount, YAMLValue.int),
        "num_key_value_heads": .optional(keyValueHeadCount, YAMLValue.int),
        "max_position_embeddings": .optional(contextLength, YAMLValue.int),
        "rms_norm_eps": .optional(normEpsilon, YAMLValue.double),
        "rope_theta": .optional(ropeTheta, YAMLValue.double),
        "rope_scaling": .optional(ropeScaling, \.yaml),
        "tie_word_embeddings": .optional(tiedEmbeddings, YAMLValue.bool),
        "no_rope_layer": .optional(noRopeInterval, YAMLValue.int),
        "sliding_window_size": .optional(slidingWindow, YAMLValue.int),
        "moe_config": .optional(mixture, \.yaml),
        "_use_doc_masking": .bool(documentMasking),
        "z_loss_enabled": .bool(zLossEnabled),
        "z_loss_coefficient": .double(zLossCoefficient),
      ])
    }
  }
}

extension ModelConfiguration.RopeScaling {
  fileprivate var yaml: YAMLValue {
    switch self {
    case .llama3(let factor, let low, let high, let original):
      return .mapping([
        "rope_type": .string("llama3"), "factor": .double(factor), "low_freq_factor": .double(low),
        "high_freq_factor": .double(high), "original_max_position_embeddings": .int(original),
      ])
    case .linear(let factor): return .mapping(["rope_type": .string("linear"), "factor": .double(factor)])
    case .yarn(let yarn):
      return .mapping([
        "rope_type": .string("yarn"), "factor": .double(yarn.factor), "beta_fast": .double(yarn.betaFast),
        "beta_slow": .double(yarn.betaSlow), "original_max_position_embeddings": .int(yarn.originalContextLength),
        "attention_factor": .optional(yarn.attentionFactor, YAMLValue.double),
        "mscale": .optional(yarn.mscale, YAMLValue.double),
        "mscale_all_dim": .optional(yarn.mscaleAllDimensions, YAMLValue.double), "truncate": .bool(yarn.truncates),
      ])
    }
  }
}
