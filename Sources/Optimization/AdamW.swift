import Foundation
import Tensors

/// AdamW (Loshchilov and Hutter, arXiv:1711.05101) in PyTorch's form: one pass that reads and writes each element once.
public struct AdamW: UpdateRule {
  public static let name = "adamW"
  public static let unit = UpdateUnit.element
  public static let settings: [RuleSetting<AdamW>] = [
    .init("adam_eps", .number(\.epsilon, .positive)), .init("adam_beta1", .number(\.beta1, .decay)),
    .init("adam_beta2", .number(\.beta2, .decay)),
  ]

  public var beta1: Double
  public var beta2: Double
  public var epsilon: Double

  /// The betas that language models take.
  public init() { self.init(beta1: 0.9) }

  /// PyTorch's defaults but for beta2, which is that of language models.
  public init(beta1: Double, beta2: Double = 0.95, epsilon: Double = 1e-8) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
  }

  public func state(shape: [Int]) -> [StateDeclaration] {
    [StateDeclaration("exp_avg", shape: shape), StateDeclaration("exp_avg_sq", shape: shape)]
  }

  public func update(_ piece: UpdatePiece, at step: UpdateStep) {
    let number = Double(step.number)
    step.execution.backend.adamW(
      weight: piece.weight, gradient: piece.gradient, firstMoment: piece.state[0], secondMoment: piece.state[1],
      scalars: AdamWScalars(
        learningRate: Float(step.learningRate), beta1: Float(beta1), beta2: Float(beta2), epsilon: Float(epsilon),
        weightDecay: Float(step.weightDecay),
        corrections: (Float(1 - pow(beta1, number)), Float(1 - pow(beta2, number))),
        gradientScale: Float(step.gradientScale)))
  }
}
