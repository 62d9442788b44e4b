extension ModelConfiguration {
  /// Which published family's names and `config.json` a saved model carries.
  public enum Family: String, Sendable, CaseIterable {
    case llama, qwen2, qwen3, smollm3, olmo2
    case gemma3 = "gemma3_text"
  }

  /// What the norms of a model compute.
  public enum NormKind: Sendable, CaseIterable {
    /// RMSNorm (arXiv:1910.07467): a weight each column, at first 1.
    case rms
    /// RMSNorm whose result is multiplied by 1 + weight, at first 0 (Gemma, arXiv:2403.08295).
    case rmsOnePlus
  }

  /// Where the norms of a block stand: on what a branch reads, on what it gives, or both.
  public enum NormPlacement: Sendable, CaseIterable {
    /// Before attention and feed-forward layer.
    case before
    /// After each of them, before its result is added to the residual stream (OLMo 2, arXiv:2501.00656).
    case after
    /// Before and after.
    case around
  }

  /// Over which columns queries and keys are normalised before the rotary embedding.
  public enum QueryKeyNorm: Sendable, CaseIterable {
    /// Each head by itself, one weight for all (Qwen3, arXiv:2505.09388).
    case head
    /// All heads together (OLMo 2).
    case projection
  }

  /// What the feed-forward layer does between its two products.
  public enum Activation: Sendable, CaseIterable {
    /// silu(gate) * up (arXiv:2002.05202).
    case swiGLU
    /// gelu(gate) * up, with GELU in its tanh form.
    case geGLU
  }
}

/// What all models of a family have in common; a new configuration takes it from its family.
extension ModelConfiguration.Family {
  var norm: ModelConfiguration.NormKind { self == .gemma3 ? .rmsOnePlus : .rms }

  var normPlacement: ModelConfiguration.NormPlacement {
    switch self {
    case .gemma3: .around
    case .olmo2: .after
    default: .before
    }
  }

  var queryKeyNorm: ModelConfiguration.QueryKeyNorm? {
    switch self {
    case .qwen3, .gemma3: .head
    case .olmo2: .projection
    default: nil
    }
  }

  var activation: ModelConfiguration.Activation { self == .gemma3 ? .geGLU : .swiGLU }
}

/// How the family's `config.json` says it.
extension ModelConfiguration.Family {
  var activationKey: String { self == .gemma3 ? "hidden_activation" : "hidden_act" }

  /// Whether `use_sliding_window` may give all layers with rotary embedding a window.
  var mayHaveWindow: Bool { self == .qwen2 || self == .qwen3 || self == .smollm3 }
}

extension ModelConfiguration.Activation {
  var huggingFaceName: String {
    switch self {
    case .swiGLU: "silu"
    case .geGLU: "gelu_pytorch_tanh"
    }
  }
}
