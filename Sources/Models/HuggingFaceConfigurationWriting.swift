public import Formats
import OrderedCollections

extension ModelConfiguration {
  /// The `config.json` of this model, in the layout that transformers 4 and 5 and llama.cpp read.
  ///
  /// - Parameter dtype: Element type of the weights beside it, such as `bfloat16`.
  public func huggingFaceJSON(dtype: String = "bfloat16") -> JSON {
    var members: OrderedDictionary<String, JSON> = [
      "architectures": .array([.string(architecture)]),
      family.keys.activation: .string(activation.huggingFaceName),
      "bos_token_id": token(beginOfTextToken),
      "eos_token_id": token(endOfTextToken),
      family.keys.hidden: .integer(Int64(hiddenSize)),
      "initializer_range": .number(initializerRange),
      family.keys.intermediate: .integer(Int64(intermediateSize)),
      family.keys.context: .integer(Int64(contextLength)),
      "model_type": .string(family.rawValue),
      family.keys.heads: .integer(Int64(headCount)),
      family.keys.layers: .integer(Int64(layerCount)),
      "pad_token_id": .null,
      family.keys.epsilon: .number(normEpsilon),
      "tie_word_embeddings": .bool(tiedEmbeddings),
      "torch_dtype": .string(dtype),
      "use_cache": .bool(true),
      "vocab_size": .integer(Int64(vocabularySize)),
    ]
    if family == .apus { members["architecture"] = architectureSettings }
    for (key, value) in family == .gpt2 ? plainMembers : rotaryMembers { members[key] = value }
    if family.hasExperts { members.merge(expertMembers) { _, own in own } }
    members.sort { $0.key < $1.key }
    return .object(members)
  }

  /// What a GPT-2 says besides: nothing is left out in training, nothing is scaled.
  private var plainMembers: OrderedDictionary<String, JSON> {
    [
      "attn_pdrop": .number(0), "embd_pdrop": .number(0), "resid_pdrop": .number(0), "scale_attn_weights": .bool(true),
    ]
  }

  /// What the other families say besides.
  private var rotaryMembers: OrderedDictionary<String, JSON> {
    var members: OrderedDictionary<String, JSON> = [
      "attention_dropout": .number(0),
      "head_dim": .integer(Int64(headDimension)),
      "num_key_value_heads": .integer(Int64(keyValueHeadCount)),
      "rope_scaling": ropeScaling?.huggingFaceJSON ?? .null,
      "rope_theta": .number(ropeTheta),
    ]
    if family.mayHaveAttentionBias { members["attention_bias"] = .bool(queryKeyValueBias) }
    if family.mayHaveFeedForwardBias { members["mlp_bias"] = .bool(feedForwardBias) }
    if family == .smollm3 {
      members["no_rope_layers"] = .array((0..<layerCount).map { .integer(usesRope(layer: $0) ? 1 : 0) })
    }
    if family.mayHaveWindow { members["use_sliding_window"] = .bool(slidingWindow != nil) }
    if family == .mixtral { members["sliding_window"] = slidingWindow.map { .integer(Int64($0)) } ?? .null }
    if family.mayHaveWindow || family == .gemma3 {
      members["sliding_window"] = slidingWindow.map { .integer(Int64($0)) } ?? .null
      members["layer_types"] = .array(
        (0..<layerCount).map {
          .string(slidingWindow(layer: $0) == nil ? "full_attention" : "sliding_attention")
        })
    }
    if [.qwen2, .qwen3, .qwen3MoE].contains(family) {
      members["max_window_layers"] = .integer(slidingWindow == nil ? Int64(layerCount) : 0)
    }
    if family == .gemma3 {
      members["attn_logit_softcapping"] = .null
      members["final_logit_softcapping"] = .null
      members["query_pre_attn_scalar"] = .integer(Int64(attentionScalar ?? headDimension))
      members["rope_local_base_freq"] = .number(localRopeTheta ?? ropeTheta)
    }
    return members
  }

  /// Writes `config.json` into `folder`, beside and renamed.
  ///
  /// - Throws: The error of a folder that cannot be written.
  public func saveHuggingFaceConfiguration(folder: String, dtype: String = "bfloat16") throws {
    let text = huggingFaceJSON(dtype: dtype).serializedString(pretty: true) + "\n"
    try AtomicFile.write(text, to: folder.appendingPath("config.json"))
  }

  private var architecture: String {
    switch family {
    case .llama: "LlamaForCausalLM"
    case .qwen2: "Qwen2ForCausalLM"
    case .qwen3: "Qwen3ForCausalLM"
    case .qwen3MoE: "Qwen3MoeForCausalLM"
    case .mixtral: "MixtralForCausalLM"
    case .gemma3: "Gemma3ForCausalLM"
    case .olmo2: "Olmo2ForCausalLM"
    case .gpt2: "GPT2LMHeadModel"
    case .smollm3: "SmolLM3ForCausalLM"
    case .apus: "ApusForCausalLM"
    }
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
