/// What the parameters of a model are called in its Hugging Face checkpoint, without `.weight` and `.bias`.
struct ParameterNames: Sendable {
  let embedding = "model.embed_tokens"
  let finalNorm = "model.norm"
  let head = "lm_head"
  private let placement: ModelConfiguration.NormPlacement

  init(_ configuration: ModelConfiguration) { placement = configuration.normPlacement }

  /// The names of one block; a norm that the block does not have has none.
  struct Block: Sendable {
    var normBeforeAttention, normAfterAttention, normBeforeFeedForward, normAfterFeedForward: String?
    /// Queries, keys and values.
    var projection: [String]
    var queryNorm, keyNorm, output: String
    var feedForwardInputs: [String]
    var feedForwardOutput: String
  }

  func block(_ layer: Int) -> Block {
    let at = "model.layers.\(layer)"
    var names = Block(
      projection: ["q", "k", "v"].map { "\(at).self_attn.\($0)_proj" }, queryNorm: "\(at).self_attn.q_norm",
      keyNorm: "\(at).self_attn.k_norm", output: "\(at).self_attn.o_proj",
      feedForwardInputs: ["\(at).mlp.gate_proj", "\(at).mlp.up_proj"], feedForwardOutput: "\(at).mlp.down_proj")
    if placement != .after { names.normBeforeAttention = "\(at).input_layernorm" }
    // The same name stands before the feed-forward layer where only its input is normalised.
    if placement == .before {
      names.normBeforeFeedForward = "\(at).post_attention_layernorm"
    } else {
      names.normAfterAttention = "\(at).post_attention_layernorm"
      names.normAfterFeedForward = "\(at).post_feedforward_layernorm"
    }
    if placement == .around { names.normBeforeFeedForward = "\(at).pre_feedforward_layernorm" }
    return names
  }
}
