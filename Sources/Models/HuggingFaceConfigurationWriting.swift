public import Formats
import OrderedCollections

extension ModelConfiguration {
  /// The `config.json` of this model, in the layout that transformers 4 and 5 and llama.cpp read.
  ///
  /// - Parameter dtype: Element type of the weights beside it, such as `bfloat16`.
  public func huggingFaceJSON(dtype: String = "bfloat16") -> JSON {
    let keys = family.kind.keys
    var members: OrderedDictionary<String, JSON> = [
      "architectures": .array([.string(family.kind.architecture)]),
      keys.activation: .string(activation.huggingFaceName),
      "bos_token_id": token(beginOfTextToken),
      "eos_token_id": token(endOfTextToken),
      keys.hidden: .integer(Int64(hiddenSize)),
      "initializer_range": .number(initializerRange),
      keys.intermediate: .integer(Int64(intermediateSize)),
      keys.context: .integer(Int64(contextLength)),
      "model_type": .string(family.rawValue),
      keys.heads: .integer(Int64(headCount)),
      keys.layers: .integer(Int64(layerCount)),
      "pad_token_id": .null,
      keys.epsilon: .number(normEpsilon),
      "tie_word_embeddings": .bool(tiedEmbeddings),
      "torch_dtype": .string(dtype),
      "use_cache": .bool(true),
      "vocab_size": .integer(Int64(vocabularySize)),
    ]
    members.merge(family.kind.members(self)) { _, own in own }
    members.sort { $0.key < $1.key }
    return .object(members)
  }

  /// What ``HuggingFaceConfigurationReader/readAttention(into:)`` reads.
  var attentionMembers: OrderedDictionary<String, JSON> {
    var members: OrderedDictionary<String, JSON> = [
      "attention_dropout": .number(0),
      "head_dim": .integer(Int64(headDimension)),
      "num_key_value_heads": .integer(Int64(keyValueHeadCount)),
    ]
    members.merge(ropeMembers) { _, own in own }
    if family.kind.standards.ropeShare != nil { members["partial_rotary_factor"] = .number(ropeShare) }
    if family.kind.mayHaveAttentionBias { members["attention_bias"] = .bool(queryKeyValueBias) }
    if family.kind.mayHaveFeedForwardBias { members["mlp_bias"] = .bool(feedForwardBias) }
    if family.kind.mayHaveWindow {
      members["use_sliding_window"] = .bool(slidingWindow != nil)
      members.merge(windowMembers) { _, own in own }
    }
    if family.kind.hasMaxWindowLayers {
      members["max_window_layers"] = .integer(slidingWindow == nil ? Int64(layerCount) : 0)
    }
    return members
  }

  /// Base and stretching of the rotary frequencies.
  var ropeMembers: OrderedDictionary<String, JSON> {
    ["rope_scaling": ropeScaling?.huggingFaceJSON ?? .null, "rope_theta": .number(ropeTheta)]
  }

  /// The window, and which layers have it.
  var windowMembers: OrderedDictionary<String, JSON> {
    [
      "sliding_window": slidingWindow.map { .integer(Int64($0)) } ?? .null,
      "layer_types": .array(
        (0..<layerCount).map {
          .string(slidingWindow(layer: $0) == nil ? "full_attention" : "sliding_attention")
        }),
    ]
  }

  /// Writes `config.json` into `folder`, beside and renamed.
  ///
  /// - Throws: The error of a folder that cannot be written.
  public func saveHuggingFaceConfiguration(folder: String, dtype: String = "bfloat16") throws {
    let text = huggingFaceJSON(dtype: dtype).serializedString(pretty: true) + "\n"
    try AtomicFile.write(text, to: folder.appendingPath("config.json"))
  }

  private func token(_ token: Int?) -> JSON { token.map { .integer(Int64($0)) } ?? .null }
}

extension ModelConfiguration.RopeScaling {
  fileprivate var huggingFaceJSON: JSON {
    switch self {
    case .llama3(let factor, let low, let high, let original):
      .object([
        "factor": .number(factor), "high_freq_factor": .number(high), "low_freq_factor": .number(low),
        "original_max_position_embeddings": .integer(Int64(original)), "rope_type": .string("llama3"),
      ])
    case .linear(let factor): .object(["factor": .number(factor), "rope_type": .string("linear")])
    case .yarn(let yarn): yarn.huggingFaceJSON
    }
  }
}

extension YaRN {
  fileprivate var huggingFaceJSON: JSON {
    var members: OrderedDictionary<String, JSON> = [
      "rope_type": .string("yarn"), "factor": .number(factor), "beta_fast": .number(betaFast),
      "beta_slow": .number(betaSlow), "original_max_position_embeddings": .integer(Int64(originalContextLength)),
      "truncate": .bool(truncates),
    ]
    members["attention_factor"] = attentionFactor.map { .number($0) }
    members["mscale"] = mscale.map { .number($0) }
    members["mscale_all_dim"] = mscaleAllDimensions.map { .number($0) }
    return .object(members)
  }
}
