/// What the parameters of a model are called in its Hugging Face checkpoint, without `.weight` and `.bias`.
struct ParameterNames: Sendable {
  /// The names of one block; a norm that the block does not have has none.
  struct Block: Sendable {
    var normBeforeAttention, normAfterAttention, normBeforeFeedForward, normAfterFeedForward: String?
    /// Queries, keys and values, or all in one.
    var projection: [String]
    var queryNorm, keyNorm: String
    /// The whole name, as it has neither weight nor bias.
    var sinks: String
    var output: String
    /// Gate and up, or the only one.
    var feedForwardInputs: [String]
    var feedForwardOutput: String
  }

  let embedding, positions, finalNorm, head: String
  private let configuration: ModelConfiguration

  init(_ configuration: ModelConfiguration) {
    self.configuration = configuration
    let isGPT2 = configuration.family == .gpt2
    embedding = isGPT2 ? "transformer.wte" : "model.embed_tokens"
    positions = "transformer.wpe"
    finalNorm = isGPT2 ? "transformer.ln_f" : "model.norm"
    head = "lm_head"
  }

  /// What the names of a block's parameters begin with.
  func blockName(_ layer: Int) -> String {
    configuration.family == .gpt2 ? "transformer.h.\(layer)" : "model.layers.\(layer)"
  }

  func block(_ layer: Int) -> Block {
    configuration.family == .gpt2 ? gpt2(blockName(layer)) : llama(blockName(layer))
  }

  private func llama(_ at: String) -> Block {
    var names = Block(
      projection: ["q", "k", "v"].map { "\(at).self_attn.\($0)_proj" }, queryNorm: "\(at).self_attn.q_norm",
      keyNorm: "\(at).self_attn.k_norm", sinks: "\(at).self_attn.sinks", output: "\(at).self_attn.o_proj",
      feedForwardInputs: ["\(at).mlp.gate_proj", "\(at).mlp.up_proj"], feedForwardOutput: "\(at).mlp.down_proj")
    if configuration.normPlacement != .after { names.normBeforeAttention = "\(at).input_layernorm" }
    // The same name stands before the feed-forward layer where only inputs are normalised.
    if configuration.normPlacement == .before {
      names.normBeforeFeedForward = "\(at).post_attention_layernorm"
    } else {
      names.normAfterAttention = "\(at).post_attention_layernorm"
      names.normAfterFeedForward = "\(at).post_feedforward_layernorm"
    }
    if configuration.normPlacement == .around { names.normBeforeFeedForward = "\(at).pre_feedforward_layernorm" }
    return names
  }

  private func gpt2(_ at: String) -> Block {
    Block(
      normBeforeAttention: "\(at).ln_1", normBeforeFeedForward: "\(at).ln_2", projection: ["\(at).attn.c_attn"],
      queryNorm: "\(at).attn.q_norm", keyNorm: "\(at).attn.k_norm", sinks: "\(at).attn.sinks",
      output: "\(at).attn.c_proj",
      feedForwardInputs: ["\(at).mlp.c_fc"], feedForwardOutput: "\(at).mlp.c_proj")
  }
}
