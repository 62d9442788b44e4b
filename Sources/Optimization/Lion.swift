import Tensors

/// Lion (Chen and others, arXiv:2302.06675, algorithm 2): the sign of an interpolated momentum, one moment a weight.
public struct Lion: UpdateRule {
  public static let name = "lion"
  public static let unit = UpdateUnit.element
  public static let settings: [RuleSetting<Lion>] = [
    .init("lion_beta1", .number(\.beta1, .decay)), .init("lion_beta2", .number(\.beta2, .decay)),
  ]

  /// Of the update. 0.95 and 0.98 are what the paper takes for language models.
  public var beta1 = 0.95
  /// Of the momentum.
  public var beta2 = 0.98

  public init() {}

  public func state(shape: [Int]) -> [StateDeclaration] { [StateDeclaration("exp_avg", shape: shape)] }

  public func update(_ piece: UpdatePiece, at step: UpdateStep) {
    step.execution.backend.lion(
      weight: piece.weight, gradient: piece.gradient, momentum: piece.state[0],
      scalars: LionScalars(
        learningRate: Float(step.learningRate), beta1: Float(beta1), beta2: Float(beta2),
        weightDecay: Float(step.weightDecay), gradientScale: Float(step.gradientScale)))
  }
}
