import Foundation
import Tensors

/// AdEMAMix (Pagliardini, Ablin and Grangier, arXiv:2409.03137): AdamW with a second, much slower first moment.
public struct AdEMAMix: UpdateRule {
  public static let name = "ademamix"
  public static let unit = UpdateUnit.element
  public static let settings: [RuleSetting<AdEMAMix>] = [
    .init("beta1", .number(\.beta1, .decay)), .init("beta2", .number(\.beta2, .decay)),
    .init("beta3", .number(\.beta3, .decay)), .init("alpha", .number(\.alpha, .nonNegative)),
    .init("eps", .number(\.epsilon, .positive)), .init("beta3_warmup", .steps(\.beta3Warmup)),
    .init("alpha_warmup", .steps(\.alphaWarmup)),
  ]

  public var beta1 = 0.9
  public var beta2 = 0.999
  /// Decay of the slow moment at the end of its warm-up.
  public var beta3 = 0.9999
  /// Weight of the slow moment at the end of its warm-up.
  public var alpha = 8.0
  public var epsilon = 1e-8
  /// Steps in which beta3 rises from beta1; the paper takes the whole run. nil: it is there from the beginning.
  public var beta3Warmup: Int?
  /// Steps in which alpha rises from 0; the paper takes the whole run. nil: it is there from the beginning.
  public var alphaWarmup: Int?

  public init() {}

  public func state(shape: [Int]) -> [StateDeclaration] {
    ["exp_avg_fast", "exp_avg_slow", "exp_avg_sq"].map { StateDeclaration($0, shape: shape) }
  }

  /// Alpha rises linearly.
  public func alpha(step: Int) -> Double {
    guard let alphaWarmup, step < alphaWarmup else { return alpha }
    return alpha * Double(step) / Double(alphaWarmup)
  }

  /// Beta3 rises so that the half-life of the slow moment grows linearly (the paper's appendix A.1).
  public func beta3(step: Int) -> Double {
    guard let beta3Warmup, step < beta3Warmup, beta1 > 0, beta3 > beta1 else { return beta3 }
    let done = Double(step) / Double(beta3Warmup)
    let (first, last) = (log(beta1), log(beta3))
    return min(beta3, exp(first * last / ((1 - done) * last + done * first)))
  }

  public func update(_ piece: UpdatePiece, at step: UpdateStep) {
    let number = Double(step.number)
    step.execution.backend.adEMAMix(
      weight: piece.weight, gradient: piece.gradient, fastMoment: piece.state[0], slowMoment: piece.state[1],
      secondMoment: piece.state[2],
      scalars: AdEMAMixScalars(
        learningRate: Float(step.learningRate), beta1: Float(beta1), beta2: Float(beta2),
        slowRate: Float(1 - beta3(step: step.number)), alpha: Float(alpha(step: step.number)),
        epsilon: Float(epsilon), weightDecay: Float(step.weightDecay),
        corrections: (Float(1 - pow(beta1, number)), Float(1 - pow(beta2, number))),
        gradientScale: Float(step.gradientScale)))
  }
}
