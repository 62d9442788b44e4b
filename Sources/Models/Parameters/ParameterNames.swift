/// What the parameters of a model are called in its Hugging Face checkpoint, without `.weight` and `.bias`.
struct ParameterNames: Sendable {
  var embedding = "model.embed_tokens"
  /// Where they are learned.
  var positions = "transformer.wpe"
  var finalNorm = "model.norm"
  var head = "lm_head"
  /// What stands before the number of a block.
  var blocks = "model.layers"

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
    var experts: Experts
  }

  /// The names of a router and its experts.
  struct Experts: Sendable {
    /// What they begin with.
    var layer: String
    var router: String
    /// The whole name of the bias that balances, as it has neither weight nor bias.
    var choiceBias: String
    /// The MLP that all tokens go through; nil: as DeepSeek calls it, or as Qwen does where it has a gate.
    var shared: String?
    /// The matrices of an expert, below its number.
    var gate, up, down: String

    /// Names below `layer`, where the router is called `gate` unless said otherwise.
    init(
      _ layer: String, router: String = "gate", gate: String = "gate_proj", up: String = "up_proj",
      down: String = "down_proj"
    ) {
      self.layer = layer
      self.router = "\(layer).\(router)"
      choiceBias = "\(layer).\(router).e_score_correction_bias"
      (self.gate, self.up, self.down) = (gate, up, down)
    }
  }
}

extension ParameterNames.Block {
  /// Llama's names and those of its relatives, below `at`.
  init(_ at: String, norms: ModelConfiguration.NormPlacement) {
    self.init(
      projection: ["q", "k", "v"].map { "\(at).self_attn.\($0)_proj" }, queryNorm: "\(at).self_attn.q_norm",
      keyNorm: "\(at).self_attn.k_norm", sinks: "\(at).self_attn.sinks", output: "\(at).self_attn.o_proj",
      feedForwardInputs: ["\(at).mlp.gate_proj", "\(at).mlp.up_proj"], feedForwardOutput: "\(at).mlp.down_proj",
      experts: .init("\(at).mlp"))
    if norms != .after { normBeforeAttention = "\(at).input_layernorm" }
    // The same name stands before the feed-forward layer where only inputs are normalised.
    if norms == .before || norms == .stream {
      normBeforeFeedForward = "\(at).post_attention_layernorm"
    } else {
      normAfterAttention = "\(at).post_attention_layernorm"
      normAfterFeedForward = "\(at).post_feedforward_layernorm"
    }
    if norms == .around { normBeforeFeedForward = "\(at).pre_feedforward_layernorm" }
  }
}
