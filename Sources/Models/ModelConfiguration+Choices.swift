import Tensors

extension ModelConfiguration {
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
    /// Before, and what a branch gives is added to what the norm gave: the stream itself is normalised (MiniMax-01,
    /// arXiv:2501.08313).
    case stream
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
    /// Each head by itself, without a weight (Llama 4).
    case unit
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
    /// gelu(gate) * up, with GELU as it is defined.
    case geGLUExact = "geglu_exact"

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
      case .geGLUExact: .geGLUExact
      }
    }
  }
}

/// What `config.json` calls it.
extension ModelConfiguration.Activation {
  var huggingFaceName: String {
    switch self {
    case .swiGLU: "silu"
    case .geGLU: "gelu_pytorch_tanh"
    case .gelu: "gelu_new"
    case .reluSquared: "relu2"
    case .clampedSwiGLU: "clamped_swiglu"
    case .geGLUExact: "gelu"
    }
  }
}
