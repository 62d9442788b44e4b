import Formats
import Models
import Testing

/// One thing that a configuration's `apus.architecture` can say, which must learn as the plain model does. A new mixer,
/// norm or way of balancing gets its line here; ``ArchitectureLearningTests`` says which registered kind has none.
struct ArchitectureCase: Sendable, CustomTestStringConvertible {
  let name: String
  /// `apus.architecture`, as JSON.
  let settings: String
  /// For experts: the busiest one's tokens over the mean, at most; nil: not held even.
  var busiest: Double?

  init(_ name: String, _ settings: String, busiest: Double? = nil) {
    (self.name, self.settings, self.busiest) = (name, settings, busiest)
  }

  var testDescription: String { name }

  /// Attention with some keys of its own in every layer.
  private static func attention(_ name: String, _ keys: String) -> Self {
    mixers(name, #"{"kind": "attention", \#(keys)}"#)
  }

  private static func mixers(_ name: String, _ list: String) -> Self { Self(name, #"{"mixers": [\#(list)]}"#) }

  /// Sixteen experts of a quarter of the dense width, of which four are chosen.
  private static func experts(_ name: String, _ keys: String, busiest: Double? = 1.7) -> Self {
    Self(
      "experts, \(name)",
      """
      {"feed_forwards": [{"kind": "experts", "num_experts": 16, "num_experts_per_tok": 4, "width": 44,
        "norm_topk_prob": true\(keys.isEmpty ? "" : ", ")\(keys)}]}
      """, busiest: busiest)
  }

  static let all =
    attentions + shapes + mixerKinds + hybrids
    + [
      experts("not balanced", "", busiest: nil),
      experts("auxiliary loss of the micro-batch", #""aux_loss_coef": 0.1"#),
      experts("auxiliary loss of the global batch", #""aux_loss_coef": 0.1, "aux_loss_scope": "global_batch""#),
      experts("router z-loss and auxiliary loss", #""aux_loss_coef": 0.1, "router_z_loss_coef": 0.001"#),
      experts("bias", #""bias_update_speed": 0.003"#),
      experts("sigmoid and bias", #""scoring_func": "sigmoid", "bias_update_speed": 0.01"#),
      experts("groups and bias", #""n_group": 4, "topk_group": 2, "bias_update_speed": 0.003"#),
      experts("one for all tokens, bias", #""shared_expert_width": 44, "bias_update_speed": 0.003"#),
      experts(
        "a gated one for all tokens, bias",
        #""shared_expert_width": 44, "shared_expert_gate": true, "bias_update_speed": 0.003"#),
      experts("biases everywhere, auxiliary loss", #""router_bias": true, "expert_bias": true, "aux_loss_coef": 0.1"#),
    ]

  private static let attentions = [
    attention("grouped queries", #""key_value_heads": 2"#), attention("multi-query", #""key_value_heads": 1"#),
    attention("heads of another width", #""heads": 2, "head_dimension": 24"#),
    attention("window", #""window": 16"#),
    attention("window and kept first tokens", #""window": 16, "kept_first_tokens": 2"#),
    attention("chunks", #""chunk": 32"#), attention("learned sinks", #""learned_sinks": true"#),
    attention("capped scores", #""logit_soft_cap": 20"#), attention("biases in attention", #""bias": true"#),
    attention("QK-norm by head", #""qk_norm": "head""#), attention("QK-norm of all heads", #""qk_norm": "projection""#),
    attention("QK-norm without a weight", #""qk_norm": "unit""#), attention("output gate", #""output_gate": true"#),
    attention("dual chunks", #""dual_chunk": 24, "dual_chunk_local": 8"#),
    attention("chosen blocks", #""selected_blocks": 2, "block_size": 8, "local_blocks": 1, "first_blocks": 1"#),
    attention("another rotary base", #""rope_theta": 1000"#),
    attention("a half of each head turns", #""rope_share": 0.5"#),
    mixers(
      "latent attention",
      """
      {"kind": "latent_attention", "kv_lora_rank": 32, "qk_nope_head_dim": 16, "qk_rope_head_dim": 8, "v_head_dim": 16}
      """),
    mixers(
      "latent attention with latent queries",
      """
      {"kind": "latent_attention", "q_lora_rank": 32, "kv_lora_rank": 32, "qk_nope_head_dim": 16, "qk_rope_head_dim": 8,
        "v_head_dim": 16}
      """),
  ]

  private static let shapes = [
    // Drawn as wide as what tokens are, positions are half of what the model reads at first, and it learns later: 1.20.
    Self("learned positions, scaled embedding", #"{"positions": "learned", "scale_embedding": true}"#),
    Self("ALiBi", #"{"positions": "alibi"}"#),
    Self("no positions", #"{"positions": "none"}"#), Self("rotary", #"{"positions": "rotary"}"#),
    Self("interleaved rotary", #"{"rope_interleaved": true}"#),
    Self("every second layer turns", #"{"no_rope_interval": 2}"#),
    Self(
      "windows with another base, every second layer",
      #"{"sliding_window": 16, "full_attention_interval": 2, "local_rope_theta": 1000}"#),
    Self("RMSNorm", #"{"norm": "rms"}"#), Self("RMSNorm of one plus", #"{"norm": "rms_one_plus"}"#),
    Self("LayerNorm", #"{"norm": "layer"}"#), Self("norms before", #"{"norm_placement": "before"}"#),
    // As OLMo 2 has them. Without QK-norm scores stay near 0, as nothing makes the stream larger than the embedding:
    // 1.26.
    Self("norms after, QK-norm", #"{"norm_placement": "after", "qk_norm": "projection"}"#),
    Self("norms around", #"{"norm_placement": "around"}"#),
    Self("norms of the stream", #"{"norm_placement": "stream"}"#),
    Self("SwiGLU", #"{"activation": "swiglu"}"#), Self("GeGLU", #"{"activation": "geglu"}"#),
    Self("GELU", #"{"activation": "gelu"}"#), Self("squared ReLU", #"{"activation": "relu2"}"#),
    Self("clamped SwiGLU", #"{"activation": "clamped_swiglu"}"#),
    Self("exact GeGLU", #"{"activation": "geglu_exact"}"#),
    Self("biases everywhere", #"{"attention_bias": true, "mlp_bias": true}"#),
    Self("scaled embedding", #"{"scale_embedding": true}"#),
    Self("scaled scores and logits", #"{"attention_scalar": 64, "logit_factor": 0.5}"#),
    Self("QK-norm of the model", #"{"qk_norm": "head"}"#),
  ]

  /// Heads and widths are the model's where they may be.
  private static let mixerKinds = [
    mixers("linear attention", #"{"kind": "linear_attention"}"#),
    mixers("linear attention with a norm", #"{"kind": "linear_attention", "gate": "norm"}"#),
    mixers("retention", #"{"kind": "linear_attention", "gate": "retention"}"#),
    mixers("gated retention", #"{"kind": "linear_attention", "gate": "gated_retention"}"#),
    mixers("gated linear attention", #"{"kind": "linear_attention", "gate": "gla"}"#),
    mixers("lightning attention", #"{"kind": "lightning_attention"}"#),
    mixers("gated delta net", #"{"kind": "gated_delta_net"}"#),
    mixers("Kimi delta attention", #"{"kind": "kimi_delta_attention"}"#), mixers("Mamba", #"{"kind": "mamba"}"#),
    mixers("Mamba-2", #"{"kind": "mamba2", "heads": 8, "head_dimension": 16, "state_size": 32}"#),
    mixers("mLSTM", #"{"kind": "mlstm"}"#), mixers("GateLoop", #"{"kind": "gate_loop"}"#),
    mixers("HGRN-2", #"{"kind": "hgrn2"}"#), mixers("RWKV-6", #"{"kind": "rwkv6", "mix_rank": 8, "decay_rank": 16}"#),
  ]

  private static let hybrids = [
    mixers("hybrid: gated delta net, attention", #"{"kind": "gated_delta_net"}, {"kind": "attention"}"#),
    mixers("hybrid: lightning attention, attention", #"{"kind": "lightning_attention"}, {"kind": "attention"}"#),
    mixers(
      "hybrid: Mamba-2, attention without positions",
      #"{"kind": "mamba2", "heads": 8, "head_dimension": 16, "state_size": 32}, {"kind": "attention", "rope": false}"#),
    mixers(
      "attention beside Mamba-2",
      """
      {"kind": "parallel", "mixers": [{"kind": "mamba2", "heads": 8, "head_dimension": 16, "state_size": 32},
        {"kind": "attention"}]}
      """),
    Self(
      "Mamba-2, with a transformer block before it and no feed-forward layer in every second layer",
      """
      {"mixers": [{"kind": "mamba2", "heads": 8, "head_dimension": 16, "state_size": 32},
        {"kind": "shared_block", "rank": 8,
         "mixer": {"kind": "mamba2", "heads": 8, "head_dimension": 16, "state_size": 32}}],
       "feed_forwards": [{"kind": "dense"}, {"kind": "none"}]}
      """),
    mixers("hybrid: attention, RWKV-6", #"{"kind": "attention"}, {"kind": "rwkv6", "mix_rank": 8, "decay_rank": 16}"#),
  ]

  /// The model of the case.
  func configuration() throws -> ModelConfiguration {
    var configuration = TinyWorldBytes.dense
    try configuration.apply(architecture: JSON.parse(settings), path: name)
    try configuration.checkLayers()
    return configuration
  }
}
