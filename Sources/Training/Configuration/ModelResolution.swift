import Models

extension RunConfiguration {
  /// The model that this configuration trains.
  ///
  /// - Parameters:
  ///   - vocabularySize: Entries of the tokenizer, for a configuration that leaves the vocabulary open.
  ///   - beginOfText: The tokenizer's opening token.
  ///   - endOfText: The tokenizer's end-of-text token.
  ///   - base: The model in the folder of `init_method.path`; its sizes cannot change, its positions and window can.
  ///   - file: The configuration's name for errors.
  /// - Throws: `ConfigurationError` when the sizes contradict the tokenizer or the folder, or the vocabulary stays open.
  public func modelConfiguration(
    vocabularySize: Int? = nil, beginOfText: Int? = nil, endOfText: Int? = nil, base: ModelConfiguration? = nil,
    file: String
  ) throws(ConfigurationError) -> ModelConfiguration {
    func fail(_ key: String, _ reason: String) -> ConfigurationError {
      ConfigurationError(place: file, key: key, reason: reason)
    }
    let shape = model.shape
    let config = "model.model_config"
    if let base { try checkAgainst(base, file: file) }
    guard let wanted = shape.vocabularySize ?? base?.vocabularySize ?? vocabularySize else {
      throw fail("\(config).vocab_size", "neither the file nor a tokenizer says how large the vocabulary is")
    }
    if let vocabularySize, vocabularySize > wanted {
      throw fail(
        "\(config).vocab_size", "\(wanted) is below the \(vocabularySize) entries of the tokenizer; it must hold them")
    }
    let multiple = base == nil ? model.vocabularyMultiple : 1
    let vocabulary = (wanted + multiple - 1) / multiple * multiple
    guard var result = base ?? fromScratch(vocabulary: vocabulary) else {
      throw fail(config, "the sizes of the model are open; read its folder first")
    }
    result.contextLength = shape.contextLength ?? result.contextLength
    result.ropeTheta = shape.ropeTheta ?? result.ropeTheta
    result.ropeScaling = shape.ropeScaling ?? result.ropeScaling
    result.normEpsilon = shape.normEpsilon ?? result.normEpsilon
    result.noRopeInterval = shape.noRopeInterval ?? result.noRopeInterval
    result.slidingWindow = shape.slidingWindow ?? result.slidingWindow
    result.beginOfTextToken = shape.beginOfTextToken ?? result.beginOfTextToken ?? beginOfText
    result.endOfTextToken = shape.endOfTextToken ?? result.endOfTextToken ?? endOfText
    // transformers refuses a Llama whose heads do not divide its width, and knows no window in one.
    let needsMore =
      result.noRopeInterval != nil || result.slidingWindow != nil || result.hiddenSize % result.headCount != 0
    if result.family == .llama, needsMore { result.family = .smollm3 }
    if let mixture = shape.mixture {
      if base != nil {
        throw fail("\(config).moe_config", "the model in init_method.path has its own layers; leave the key out")
      }
      result.feedForwards = mixture.feedForwards(layerCount: result.layerCount)
      // No published family has just these layers.
      result.family = .apus
    }
    if base != nil, apus.queryKeyNorm == true, result.queryKeyNorm == nil {
      result.queryKeyNorm = .head
      // Of the families with such norms only Qwen3 has nothing else of its own.
      result.family = result.family == .llama && !result.queryKeyValueBias && !result.feedForwardBias ? .qwen3 : .apus
    }
    try applyArchitecture(to: &result, hasBase: base != nil, file: file)
    if base == nil { try apus.maximalUpdate?.apply(to: &result, file: file) }
    if shape.mixture != nil, apus.architecture == nil { try checkMixture(result, file: file) }
    let length = max(tokens.sequenceLength, dataStages.map(\.sequenceLength).max() ?? 0)
    guard result.hasCountableSize else {
      throw fail("\(config).hidden_size", "these sizes make a model of more than a quadrillion parameters")
    }
    guard result.contextLength >= length else {
      throw fail("tokens.sequence_length", "\(length) exceeds the model's context of \(result.contextLength)")
    }
    return result
  }

  private func checkMixture(_ model: ModelConfiguration, file: String) throws(ConfigurationError) {
    do {
      try model.checkLayers()
    } catch {
      throw ConfigurationError(place: file, key: "model.model_config.moe_config", reason: "\(error)")
    }
  }

  private func applyArchitecture(
    to model: inout ModelConfiguration, hasBase: Bool, file: String
  ) throws(ConfigurationError) {
    guard let settings = apus.architecture else { return }
    let key = "apus.architecture"
    if hasBase, settings != model.architectureSettings {
      throw ConfigurationError(
        place: file, key: key, reason: "the model in init_method.path has its own architecture; leave the key out")
    }
    do {
      try model.apply(architecture: settings, path: key)
      try model.checkLayers()
    } catch let error as SettingsError {
      throw ConfigurationError(place: file, key: error.key, reason: error.problem)
    } catch {
      throw ConfigurationError(place: file, key: key, reason: "\(error)")
    }
  }

  /// Keys given that say what no model of the folder's family has.
  private func keysWithoutPlace(in base: ModelConfiguration) -> [String] {
    let shape = model.shape
    let hasRope = base.positions == .rotary
    let hasInterval = [.llama, .smollm3].contains(base.family)
    let hasWindow = hasInterval || [.qwen2, .qwen3, .qwen3MoE, .gemma3].contains(base.family)
    let given: [(key: String, isGiven: Bool, hasPlace: Bool)] = [
      ("rope_theta", shape.ropeTheta != nil, hasRope), ("rope_scaling", shape.ropeScaling != nil, hasRope),
      ("no_rope_layer", shape.noRopeInterval != nil, hasInterval),
      ("sliding_window_size", shape.slidingWindow != nil, hasWindow),
      // Learned positions are weights: the folder's, neither more nor fewer.
      ("max_position_embeddings", ![nil, base.contextLength].contains(shape.contextLength), hasRope),
    ]
    return given.filter { $0.isGiven && !$0.hasPlace }.map(\.key)
  }

  /// The sizes that the file gives, nil where it leaves one open.
  private func fromScratch(vocabulary: Int) -> ModelConfiguration? {
    let shape = model.shape
    guard let hidden = shape.hiddenSize, let intermediate = shape.intermediateSize, let layers = shape.layerCount,
      let heads = shape.headCount
    else { return nil }
    var deviation = 0.02
    if case .random(let given, _) = model.initialization { deviation = given }
    return ModelConfiguration(
      family: apus.queryKeyNorm == true ? .qwen3 : .llama, vocabularySize: vocabulary, hiddenSize: hidden,
      intermediateSize: intermediate, layerCount: layers, headCount: heads, keyValueHeadCount: shape.keyValueHeadCount,
      headDimension: apus.headDimension, contextLength: max(2048, tokens.sequenceLength),
      tiedEmbeddings: shape.tiedEmbeddings ?? false, initializerRange: deviation)
  }

  /// Sizes that decide the shapes of the weights must agree with the folder's.
  private func checkAgainst(_ base: ModelConfiguration, file: String) throws(ConfigurationError) {
    let shape = model.shape
    let sizes: [(String, Int?, Int)] = [
      ("vocab_size", shape.vocabularySize, base.vocabularySize), ("hidden_size", shape.hiddenSize, base.hiddenSize),
      ("intermediate_size", shape.intermediateSize, base.intermediateSize),
      ("num_hidden_layers", shape.layerCount, base.layerCount),
      ("num_attention_heads", shape.headCount, base.headCount),
      ("num_key_value_heads", shape.keyValueHeadCount, base.keyValueHeadCount),
    ]
    for (key, given, theirs) in sizes {
      if let given, given != theirs {
        throw ConfigurationError(
          place: file, key: "model.model_config.\(key)",
          reason: "\(given) contradicts the \(theirs) of the model in init_method.path; leave the key out")
      }
    }
    if let key = keysWithoutPlace(in: base).first {
      throw ConfigurationError(
        place: file, key: "model.model_config.\(key)",
        reason: "the \(base.family.rawValue) in init_method.path has no such setting; leave the key out")
    }
    if let tied = shape.tiedEmbeddings, tied != base.tiedEmbeddings {
      throw ConfigurationError(
        place: file, key: "model.model_config.tie_word_embeddings",
        reason: "\(tied) contradicts the model in init_method.path; leave the key out")
    }
    if let width = apus.headDimension, width != base.headDimension {
      throw ConfigurationError(
        place: file, key: "apus.head_dim",
        reason: "\(width) contradicts the \(base.headDimension) of the model in init_method.path; leave the key out")
    }
    if apus.queryKeyNorm == true, base.family == .gpt2 {
      throw ConfigurationError(
        place: file, key: "apus.qk_norm", reason: "the gpt2 in init_method.path has one projection; leave the key out")
    }
    if apus.queryKeyNorm == false, base.queryKeyNorm != nil {
      throw ConfigurationError(
        place: file, key: "apus.qk_norm",
        reason: "false contradicts the model in init_method.path; leave the key out")
    }
  }
}
