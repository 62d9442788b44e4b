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
    guard let hidden = shape.hiddenSize ?? base?.hiddenSize,
      let intermediate = shape.intermediateSize ?? base?.intermediateSize,
      let layers = shape.layerCount ?? base?.layerCount, let heads = shape.headCount ?? base?.headCount
    else { throw fail(config, "the sizes of the model are open; read its folder first") }
    let normed = apus.queryKeyNorm ?? base?.queryKeyNorm ?? false
    let noRope = shape.noRopeInterval ?? base?.noRopeInterval
    let window = shape.slidingWindow ?? base?.slidingWindow
    // transformers refuses a Llama whose heads do not divide its width, and knows no window in one.
    let needsMore = noRope != nil || window != nil || hidden % heads != 0
    let family: ModelConfiguration.Family = normed ? .qwen3 : needsMore ? .smollm3 : .llama
    let kept = base.map { $0.family == .llama ? family : $0.family }
    var deviation = 0.02
    if case .random(let given, _) = model.initialization { deviation = given }
    let result = ModelConfiguration(
      family: kept ?? family, vocabularySize: vocabulary, hiddenSize: hidden, intermediateSize: intermediate,
      layerCount: layers, headCount: heads,
      keyValueHeadCount: shape.keyValueHeadCount ?? base?.keyValueHeadCount,
      headDimension: apus.headDimension ?? base?.headDimension,
      contextLength: shape.contextLength ?? base?.contextLength ?? max(2048, tokens.sequenceLength),
      ropeTheta: shape.ropeTheta ?? base?.ropeTheta ?? 10_000,
      ropeScaling: shape.ropeScaling ?? base?.ropeScaling, noRopeInterval: noRope,
      normEpsilon: shape.normEpsilon ?? base?.normEpsilon ?? 1e-6,
      tiedEmbeddings: shape.tiedEmbeddings ?? base?.tiedEmbeddings ?? false, queryKeyNorm: normed,
      slidingWindow: window, initializerRange: base?.initializerRange ?? deviation,
      beginOfTextToken: shape.beginOfTextToken ?? base?.beginOfTextToken ?? beginOfText,
      endOfTextToken: shape.endOfTextToken ?? base?.endOfTextToken ?? endOfText)
    let length = max(tokens.sequenceLength, dataStages.map(\.sequenceLength).max() ?? 0)
    guard result.hasCountableSize else {
      throw fail("\(config).hidden_size", "these sizes make a model of more than a quadrillion parameters")
    }
    guard result.contextLength >= length else {
      throw fail("tokens.sequence_length", "\(length) exceeds the model's context of \(result.contextLength)")
    }
    return result
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
    if let normed = apus.queryKeyNorm, normed != base.queryKeyNorm {
      throw ConfigurationError(
        place: file, key: "apus.qk_norm",
        reason: "\(normed) contradicts the model in init_method.path; leave the key out")
    }
  }
}
