import Tensors

extension ModelConfiguration {
  /// Which published family's names and `config.json` a saved model carries.
  public enum Family: String, Sendable, CaseIterable {
    case llama, qwen2, qwen3, smollm3, olmo2, gpt2, mixtral
    case qwen3MoE = "qwen3_moe"
    case gemma3 = "gemma3_text"
    /// No published family: the architecture stands in the configuration, and only Apus reads the model.
    case apus
  }

  /// What the norms of a model compute.
  public enum NormKind: String, Sendable, CaseIterable {
    /// RMSNorm (arXiv:1910.07467): a weight each column, at first 1.
    case rms
    /// RMSNorm whose result is multiplied by 1 + weight, at first 0 (Gemma, arXiv:2403.08295).
    case rmsOnePlus = "rms_one_plus"
    /// LayerNorm (arXiv:1607.06450): a weight, at first 1, and a bias each column.
    case layer
  }

  /// Where the norms of a block stand: on what a branch reads, on what it gives, or both.
  public enum NormPlacement: String, Sendable, CaseIterable {
    /// Before attention and feed-forward layer.
    case before
    /// After each of them, before its result is added to the residual stream (OLMo 2, arXiv:2501.00656).
    case after
    /// Before and after.
    case around
  }

  /// How a model knows where a token stands.
  public enum Positions: String, Sendable, CaseIterable {
    /// Queries and keys are turned (RoPE, arXiv:2104.09864).
    case rotary
    /// A learned vector each position is added to the token's; there are as many as the context is long.
    case learned
    /// Scores fall with distance, for each head in its own way (ALiBi, arXiv:2108.12409).
    case alibi
    /// Only by what a token sees (NoPE, arXiv:2305.19466).
    case none
  }

  /// Over which columns queries and keys are normalised before the rotary embedding.
  public enum QueryKeyNorm: String, Sendable, CaseIterable {
    /// Each head by itself, one weight for all (Qwen3, arXiv:2505.09388).
    case head
    /// All heads together (OLMo 2).
    case projection
  }

  /// What the feed-forward layer does between its two products.
  public enum Activation: String, Sendable, CaseIterable {
    /// silu(gate) * up (arXiv:2002.05202).
    case swiGLU = "swiglu"
    /// gelu(gate) * up, with GELU in its tanh form.
    case geGLU = "geglu"
    /// gelu(x) of one matrix, with GELU in its tanh form.
    case gelu
    /// max(x, 0)² of one matrix (arXiv:2109.08668).
    case reluSquared = "relu2"
    /// SwiGLU of clamped gate and up (gpt-oss).
    case clampedSwiGLU = "clamped_swiglu"

    /// Whether the layer has two matrices before the activation, gate and up.
    public var isGated: Bool { kernel.isGated }

    /// What computes it.
    var kernel: RowActivation {
      switch self {
      case .swiGLU: .swiGLU
      case .geGLU: .geGLU
      case .gelu: .gelu
      case .reluSquared: .reluSquared
      case .clampedSwiGLU: .clampedSwiGLU
      }
    }
  }
}

/// What all models of a family have in common; a new configuration takes it from its family.
extension ModelConfiguration.Family {
  var norm: ModelConfiguration.NormKind {
    switch self {
    case .gemma3: .rmsOnePlus
    case .gpt2: .layer
    default: .rms
    }
  }

  var normPlacement: ModelConfiguration.NormPlacement {
    switch self {
    case .gemma3: .around
    case .olmo2: .after
    default: .before
    }
  }

  var queryKeyNorm: ModelConfiguration.QueryKeyNorm? {
    switch self {
    case .qwen3, .qwen3MoE, .gemma3: .head
    case .olmo2: .projection
    default: nil
    }
  }

  var activation: ModelConfiguration.Activation {
    switch self {
    case .gemma3: .geGLU
    case .gpt2: .gelu
    default: .swiGLU
    }
  }

  /// Whether queries, keys and values have a bias in every model of the family.
  var queryKeyValueBias: Bool { self == .qwen2 || self == .gpt2 }
}

/// How the family's `config.json` says it.
extension ModelConfiguration.Family {
  /// The keys of what every family has.
  var keys: HuggingFaceKeys {
    switch self {
    case .gpt2:
      HuggingFaceKeys(
        hidden: "n_embd", intermediate: "n_inner", layers: "n_layer", heads: "n_head", context: "n_positions",
        epsilon: "layer_norm_epsilon", activation: "activation_function")
    case .gemma3: HuggingFaceKeys(activation: "hidden_activation")
    default: HuggingFaceKeys()
    }
  }

  /// Whether `use_sliding_window` may give all layers with rotary embedding a window.
  var mayHaveWindow: Bool { [.qwen2, .qwen3, .qwen3MoE, .smollm3].contains(self) }

  /// Whether feed-forward layers are mixtures of experts.
  var hasExperts: Bool { self == .qwen3MoE || self == .mixtral }

  /// Whether `attention_bias` gives all four projections a bias.
  var mayHaveAttentionBias: Bool { !queryKeyValueBias && self != .mixtral }

  /// Whether `mlp_bias` gives the feed-forward layer biases.
  var mayHaveFeedForwardBias: Bool { self == .llama || self == .smollm3 }
}

/// Keys of a `config.json` that families spell differently.
struct HuggingFaceKeys {
  var hidden = "hidden_size"
  var intermediate = "intermediate_size"
  var layers = "num_hidden_layers"
  var heads = "num_attention_heads"
  var context = "max_position_embeddings"
  var epsilon = "rms_norm_eps"
  var activation = "hidden_act"
}

extension ModelConfiguration.Activation {
  var huggingFaceName: String {
    switch self {
    case .swiGLU: "silu"
    case .geGLU: "gelu_pytorch_tanh"
    case .gelu: "gelu_new"
    case .reluSquared: "relu2"
    case .clampedSwiGLU: "clamped_swiglu"
    }
  }
}
