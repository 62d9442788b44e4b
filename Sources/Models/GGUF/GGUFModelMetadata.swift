import Formats
import OrderedCollections

/// The metadata of a GGUF file that describes the model: what llama.cpp needs to build it.
enum GGUFModelMetadata {
  /// - Throws: `WeightError` for a feature that this architecture does not have in llama.cpp.
  static func values(
    _ configuration: ModelConfiguration, as type: WeightType, name: String
  ) throws -> OrderedDictionary<String, GGUFValue> {
    guard let at = configuration.family.kind.gguf else {
      throw HuggingFaceConfigurationError(
        file: name, key: "model_type", problem: "'\(configuration.family.rawValue)' has no architecture in GGUF files")
    }
    try refuseUnsupported(configuration, architecture: at, name)
    let c = configuration
    func count(_ number: Int) -> GGUFValue { .uint32(UInt32(clamping: number)) }
    var values: OrderedDictionary<String, GGUFValue> = [
      "general.architecture": .string(at),
      "general.type": .string("model"),
      "general.name": .string(name),
      "general.file_type": .uint32(fileType(type)),
      "general.quantization_version": .uint32(2),
      "\(at).vocab_size": count(c.vocabularySize),
      "\(at).context_length": count(c.contextLength),
      "\(at).embedding_length": count(c.hiddenSize),
      "\(at).block_count": count(c.layerCount),
      "\(at).feed_forward_length": count(c.intermediateSize),
      "\(at).attention.head_count": count(c.headCount),
    ]
    if c.family == .gpt2 {
      values["\(at).attention.layer_norm_epsilon"] = .float32(Float(c.normEpsilon))
      return values
    }
    values["\(at).attention.head_count_kv"] = count(c.keyValueHeadCount)
    values["\(at).attention.key_length"] = count(c.headDimension)
    values["\(at).attention.value_length"] = count(c.headDimension)
    values["\(at).attention.layer_norm_rms_epsilon"] = .float32(Float(c.normEpsilon))
    values["\(at).rope.dimension_count"] = count(c.headDimension)
    values["\(at).rope.freq_base"] = .float32(Float(c.ropeTheta))
    if case .linear(let factor)? = c.ropeScaling {
      values["\(at).rope.scaling.type"] = .string("linear")
      values["\(at).rope.scaling.factor"] = .float32(Float(factor))
    }
    for (key, value) in GGUFRopeFactors.metadata(c) { values[key] = value }
    if c.family == .gemma3, let window = c.slidingWindow {
      values["\(at).attention.sliding_window"] = count(window)
      values["\(at).attention.sliding_window_pattern"] = count(c.fullAttentionInterval ?? 0)
      values["\(at).rope.freq_base_swa"] = .float32(Float(c.localRopeTheta ?? c.ropeTheta))
    }
    return values
  }

  /// llama.cpp's number for what most tensors are (`llama_ftype`).
  private static func fileType(_ type: WeightType) -> UInt32 {
    switch type {
    case .float32: 0
    case .float16: 1
    case .q8_0: 7
    case .bfloat16: 32
    }
  }

  private static func refuseUnsupported(
    _ configuration: ModelConfiguration, architecture: String, _ name: String
  ) throws {
    func refuse(_ key: String, _ problem: String) -> HuggingFaceConfigurationError {
      HuggingFaceConfigurationError(file: name, key: key, problem: problem)
    }
    let architecture = "a GGUF file of the architecture \(architecture)"
    if let window = configuration.slidingWindow, configuration.family != .gemma3 {
      throw refuse("sliding_window", "\(window) has no place in \(architecture)")
    }
    if configuration.noRopeInterval != (configuration.family == .smollm3 ? 4 : nil) {
      throw refuse(
        "no_rope_layer_interval",
        "\(architecture) has \(configuration.family == .smollm3 ? "every fourth layer" : "no layer") without rotary "
          + "embedding, and this model is not so")
    }
    // llama.cpp knows biases on every projection of these two only.
    if configuration.family != .llama, configuration.family != .gpt2 {
      for (key, hasBias) in [
        ("attention_bias", configuration.attentionOutputBias), ("mlp_bias", configuration.feedForwardBias),
      ] where hasBias {
        throw refuse(key, "true has no place in \(architecture)")
      }
    }
    let scalar = GGUFModelMetadata.attentionScalar(
      layers: configuration.layerCount, width: configuration.hiddenSize, heads: configuration.headCount,
      headWidth: configuration.headDimension)
    if let given = configuration.attentionScalar, given != scalar {
      throw refuse("query_pre_attn_scalar", "\(given) has no place in \(architecture), which means \(scalar)")
    }
    if configuration.family == .olmo2, configuration.tiedEmbeddings {
      throw refuse("tie_word_embeddings", "true has no place in \(architecture), which has an output matrix of its own")
    }
  }

  /// What llama.cpp divides Gemma 3's scores by the square root of: the head's width, but for the model of 62 layers.
  static func attentionScalar(layers: Int, width: Int, heads: Int, headWidth: Int) -> Int {
    layers == 62 ? width / max(heads, 1) : headWidth
  }
}
