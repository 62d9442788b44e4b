extension RunConfiguration {
  /// Refuses values that are each fine and impossible together.
  func checkCombinations(_ root: ConfigurationNode, file: String) throws(ConfigurationError) {
    func fail(_ key: String, _ reason: String) -> ConfigurationError {
      ConfigurationError(place: root.place(of: key) ?? file, key: key, reason: reason)
    }
    let shape = model.shape
    let config = "model.model_config"
    if let heads = shape.headCount {
      if let groups = shape.keyValueHeadCount, heads % groups != 0 {
        throw fail("\(config).num_key_value_heads", "\(groups) does not divide num_attention_heads \(heads)")
      }
      if let width = apus.headDimension {
        guard width % 2 == 0 else { throw fail("apus.head_dim", "\(width) is odd; rotary embeddings need pairs") }
      } else if let hidden = shape.hiddenSize {
        guard hidden % heads == 0 else {
          throw fail(
            "\(config).num_attention_heads", "\(heads) does not divide hidden_size \(hidden); give apus.head_dim too")
        }
        guard hidden / heads % 2 == 0 else {
          throw fail(
            "\(config).num_attention_heads", "heads of width \(hidden / heads) are odd; rotary embeddings need pairs")
        }
      }
    }
    if let interval = shape.noRopeInterval {
      if let layers = shape.layerCount, layers % interval != 0 {
        throw fail("\(config).no_rope_layer", "\(interval) does not divide num_hidden_layers \(layers)")
      }
      if apus.queryKeyNorm == true {
        throw fail(
          "apus.qk_norm", "together with no_rope_layer it belongs to no model family that other tools load; drop one")
      }
    }
    if case .folder = model.initialization, apus.initializationCutoff != nil {
      throw fail("apus.init_cutoff_factor", "the weights come from init_method.path; keep one of the two")
    }
    if let context = shape.contextLength {
      if tokens.sequenceLength > context {
        throw fail(
          "tokens.sequence_length", "\(tokens.sequenceLength) exceeds max_position_embeddings \(context)")
      }
      for (index, stage) in dataStages.enumerated() where stage.sequenceLength > context {
        throw fail(
          "data_stages.\(index).sequence_length",
          "\(stage.sequenceLength) in '\(stage.name)' exceeds max_position_embeddings \(context)")
      }
    }
    if let vocabulary = shape.vocabularySize {
      for (key, token) in [("bos_token_id", shape.beginOfTextToken), ("eos_token_id", shape.endOfTextToken)] {
        if let token, token >= vocabulary {
          throw fail("\(config).\(key)", "\(token) is outside the vocabulary of \(vocabulary)")
        }
      }
    }
    for (index, stage) in dataStages.enumerated() where stage.startTrainingStep > tokens.trainSteps {
      throw fail(
        "data_stages.\(index).start_training_step",
        "\(stage.startTrainingStep) of '\(stage.name)' lies after the last step, tokens.train_steps \(tokens.trainSteps)")
    }
    let length = max(tokens.sequenceLength, dataStages.map(\.sequenceLength).max() ?? 0)
    let warmupSteps = apus.batchWarmup.reduce(0.0) { $0 + Double($1.steps) }
    guard warmupSteps <= Double(tokens.trainSteps) else {
      throw fail(
        "apus.batch_warmup", "\(Int(warmupSteps)) steps of warm-up do not fit into tokens.train_steps \(tokens.trainSteps)")
    }
    if apus.noiseScaleInterval != nil, tokens.batchAccumulationPerReplica * parallelism.dataParallel < 2 {
      throw fail(
        "apus.noise_scale_interval",
        "an update is one micro-batch, but noise is what micro-batches differ by; give "
          + "tokens.batch_accumulation_per_replica 2 or more")
    }
    let batch =
      Double(tokens.microBatchSize) * Double(tokens.batchAccumulationPerReplica) * Double(parallelism.dataParallel)
    let largest = max(batch, Double(apus.batchWarmup.map(\.sequences).max() ?? 0))
    guard largest * Double(length) <= 1e12, largest * Double(length) * Double(tokens.trainSteps) <= 1e18 else {
      throw fail(
        "tokens.micro_batch_size", "a global batch of \(largest) sequences of \(length) tokens is beyond any run's")
    }
  }
}

extension ConfigurationNode {
  /// Where `key` is written, or the nearest section around it that is.
  func place(of key: String) -> String? {
    var node = self
    var found: String?
    for part in key.split(separator: ".") {
      switch node.content {
      case .mapping(let entries):
        guard let entry = entries.first(where: { $0.key == part }) else { return found }
        node = entry.value
        found = entry.value.place
      case .sequence(let items):
        guard let index = Int(part), items.indices.contains(index) else { return found }
        node = items[index]
        found = node.place
      case .scalar: return found
      }
    }
    return found
  }
}
