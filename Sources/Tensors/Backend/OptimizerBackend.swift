/// The optimizers' part of a backend: single passes over float32 buffers of equal length.
public protocol OptimizerBackend: Sendable {
  func adamW(weight: Tensor, gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor, scalars: AdamWScalars)
  func lion(weight: Tensor, gradient: Tensor, momentum: Tensor, scalars: LionScalars)
  func adEMAMix(
    weight: Tensor, gradient: Tensor, fastMoment: Tensor, slowMoment: Tensor, secondMoment: Tensor,
    scalars: AdEMAMixScalars)
  /// momentum = decay * momentum + (1 - decay) * gradient, and update = that or, with Nesterov's look ahead,
  /// decay * momentum + (1 - decay) * gradient; every gradient is multiplied by `gradientScale` first.
  func momentum(
    gradient: Tensor, momentum: Tensor, update: Tensor, decay: Float, nesterov: Bool, gradientScale: Float)
  /// output = a * x + b * y; where y is nil, a * x. The output may be x or y.
  func combine(_ a: Float, _ x: Tensor, _ b: Float, _ y: Tensor?, into output: Tensor)
  /// secondMoment = beta2 * secondMoment + (1 - beta2) * gradient^2, and output = firstMoment / corrections.0 /
  /// (sqrt(secondMoment / corrections.1) + epsilon).
  func precondition(
    gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor, output: Tensor, beta2: Float,
    corrections: (Float, Float), epsilon: Float)
  /// The eigenvectors of a symmetric matrix as the rows of `rows`, largest eigenvalue first; false where the matrix
  /// holds what is no number.
  func eigenvectors(_ matrix: Tensor, into rows: Tensor) -> Bool
  /// Makes the rows of a square matrix orthonormal in their order.
  func orthonormalize(_ rows: Tensor)
}

/// Scalars of one AdamW step, bias corrections worked out (Loshchilov and Hutter, arXiv:1711.05101).
public struct AdamWScalars: Sendable {
  public var learningRate: Float
  public var beta1: Float
  public var beta2: Float
  public var epsilon: Float
  public var weightDecay: Float
  /// `1 - beta^step` for both moments.
  public var corrections: (Float, Float)
  /// What every gradient is multiplied by: the clipping factor.
  public var gradientScale: Float

  /// Creates the scalars of one step.
  public init(
    learningRate: Float, beta1: Float, beta2: Float, epsilon: Float, weightDecay: Float,
    corrections: (Float, Float), gradientScale: Float
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.corrections = corrections
    self.gradientScale = gradientScale
  }
}

/// Scalars of one Lion step (Chen and others, arXiv:2302.06675).
public struct LionScalars: Sendable {
  public var learningRate: Float
  public var beta1: Float
  public var beta2: Float
  public var weightDecay: Float
  /// What every gradient is multiplied by: the clipping factor.
  public var gradientScale: Float

  /// Creates the scalars of one step.
  public init(learningRate: Float, beta1: Float, beta2: Float, weightDecay: Float, gradientScale: Float) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.weightDecay = weightDecay
    self.gradientScale = gradientScale
  }
}

/// Scalars of one AdEMAMix step, corrections and schedules worked out (Pagliardini and others, arXiv:2409.03137).
public struct AdEMAMixScalars: Sendable {
  public var learningRate: Float
  public var beta1: Float
  public var beta2: Float
  /// `1 - beta3` of the step: beta3 itself lies too near to 1 for a float.
  public var slowRate: Float
  /// Weight of the slow moment in this step.
  public var alpha: Float
  public var epsilon: Float
  public var weightDecay: Float
  /// `1 - beta^step` for the fast and the second moment.
  public var corrections: (Float, Float)
  /// What every gradient is multiplied by: the clipping factor.
  public var gradientScale: Float

  /// Creates the scalars of one step.
  public init(
    learningRate: Float, beta1: Float, beta2: Float, slowRate: Float, alpha: Float, epsilon: Float,
    weightDecay: Float, corrections: (Float, Float), gradientScale: Float
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.slowRate = slowRate
    self.alpha = alpha
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.corrections = corrections
    self.gradientScale = gradientScale
  }
}
