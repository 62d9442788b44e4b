import CKernels

/// How a router turns its logits into weights of experts.
public struct RouterSpecification: Sendable, Hashable {
  /// What logits become before experts are compared.
  public enum Scores: String, Sendable, CaseIterable {
    /// Softmax over all experts; with ``normalizesWeights`` that is the softmax over the chosen ones.
    case softmax
    /// Each expert's sigmoid (DeepSeek-V3, arXiv:2412.19437).
    case sigmoid
  }

  /// Experts to choose from.
  public var experts: Int
  /// Experts of one token.
  public var chosen: Int
  public var scores: Scores
  /// Whether the weights of a token's experts are divided by their sum.
  public var normalizesWeights: Bool
  /// What weights are multiplied by.
  public var scale: Float
  /// Experts are chosen from the best `chosenGroups` of `groups` equal groups. A group is as good as its two best experts
  /// together, under a softmax as its best (DeepSeek-V2, arXiv:2405.04434).
  public var groups: Int
  public var chosenGroups: Int

  /// Chooses `chosen` of `experts`.
  public init(
    experts: Int, chosen: Int, scores: Scores = .softmax, normalizesWeights: Bool = false, scale: Float = 1,
    groups: Int = 1, chosenGroups: Int = 1
  ) {
    self.experts = experts
    self.chosen = chosen
    self.scores = scores
    self.normalizesWeights = normalizesWeights
    self.scale = scale
    self.groups = groups
    self.chosenGroups = chosenGroups
  }

  /// The kernels' view.
  var kernel: apus_router {
    apus_router(
      experts: Int64(experts), chosen: Int64(chosen), groups: Int64(groups), chosen_groups: Int64(chosenGroups),
      sigmoid: scores == .sigmoid, normalize: normalizesWeights, scale: scale)
  }
}

/// An activation between two products.
public enum RowActivation: Sendable, Hashable {
  /// silu(gate) * up (arXiv:2002.05202).
  case swiGLU
  /// gelu(gate) * up, with GELU in its tanh form.
  case geGLU
  /// SwiGLU of a gate of at most 7 and an up from -7 to 7, plus 1, with the sigmoid of 1.702 times the gate (gpt-oss).
  case clampedSwiGLU
  /// gelu(gate) * up, with GELU as it is defined.
  case geGLUExact
  /// GELU in its tanh form.
  case gelu
  /// max(x, 0)² (arXiv:2109.08668).
  case reluSquared

  /// Whether gate and up stand side by side before it.
  public var isGated: Bool { self != .gelu && self != .reluSquared }

  var kernel: apus_activation {
    switch self {
    case .swiGLU: APUS_SWIGLU
    case .geGLU: APUS_GEGLU
    case .clampedSwiGLU: APUS_CLAMPED_SWIGLU
    case .geGLUExact: APUS_GEGLU_EXACT
    case .gelu: APUS_GELU
    case .reluSquared: APUS_RELU_SQUARED
    }
  }
}
