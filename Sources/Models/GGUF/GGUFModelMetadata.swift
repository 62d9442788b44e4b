import Formats
import OrderedCollections

/// The metadata of a GGUF file that describes the model: what llama.cpp needs to build it.
enum GGUFModelMetadata {
  /// - Throws: `WeightError` for a feature that this architecture does not have in llama.cpp.
  static func values(
    _ configuration: ModelConfiguration, as type: WeightType, name: String
  ) throws -> OrderedDictionary<String, GGUFValue> {
    try refuseUnsupported(configuration, name)
    let c = configuration
    let at = c.family.rawValue
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
      "\(at).attention.head_count_kv": count(c.keyValueHeadCount),
      "\(at).attention.key_length": count(c.headDimension),
      "\(at).attention.value_length": count(c.headDimension),
      "\(at).attention.layer_norm_rms_epsilon": .float32(Float(c.normEpsilon)),
      "\(at).rope.dimension_count": count(c.headDimension),
      "\(at).rope.freq_base": .float32(Float(c.ropeTheta)),
    ]
    if case .linear(let factor)? = c.ropeScaling {
      values["\(at).rope.scaling.type"] = .string("linear")
      values["\(at).rope.scaling.factor"] = .float32(Float(factor))
    }
    for (key, value) in GGUFRopeFactors.metadata(c) { values[key] = value }
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

  private static func refuseUnsupported(_ configuration: ModelConfiguration, _ name: String) throws {
    func refuse(_ key: String, _ problem: String) -> HuggingFaceConfigurationError {
      HuggingFaceConfigurationError(file: name, key: key, problem: problem)
    }
    if let window = configuration.slidingWindow {
      throw refuse(
        "sliding_window", "\(window) has no place in a GGUF file of the architecture \(configuration.family.rawValue)")
    }
    if configuration.family == .smollm3, configuration.noRopeInterval != 4 {
      throw refuse("no_rope_layer_interval", "a GGUF file of the architecture smollm3 means every fourth layer")
    }
    if configuration.family != .smollm3, configuration.noRopeInterval != nil {
      throw refuse("no_rope_layer_interval", "only the architecture smollm3 has layers without rotary embedding in GGUF")
    }
  }
}
