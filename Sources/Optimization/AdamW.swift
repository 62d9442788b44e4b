import Foundation
import Models
import Tensors

/// AdamW (Loshchilov and Hutter, arXiv:1711.05101) over a store's flat buffers: one pass that reads and writes each
/// element once.
public final class AdamW: Sendable {
  /// Settings that stay the same over a run.
  public struct Settings: Sendable, Equatable {
    public var beta1: Double
    public var beta2: Double
    public var epsilon: Double
    /// Of the parameters that decay at all.
    public var weightDecay: Double

    /// PyTorch's defaults but for beta2 and decay, which are those of language models.
    public init(beta1: Double = 0.9, beta2: Double = 0.95, epsilon: Double = 1e-8, weightDecay: Double = 0.1) {
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
      self.weightDecay = weightDecay
    }
  }

  /// Its settings.
  public let settings: Settings
  /// First and second moments, float32 `[count]`, by the store's offsets.
  public let firstMoment: Tensor
  public let secondMoment: Tensor
  private let store: ParameterStore
  private let decaying: [Bool]
  private let arena = Arena()

  /// Moments start at zero.
  /// - Parameter decays: whether weight decay applies to the parameter of that name and shape.
  public init(
    _ store: ParameterStore, settings: Settings, in execution: Execution,
    decays: (ParameterDeclaration) -> Bool
  ) {
    self.store = store
    self.settings = settings
    decaying = store.declarations.map(decays)
    firstMoment = Tensor([store.count], .float32, in: arena)
    secondMoment = Tensor([store.count], .float32, in: arena)
    execution.backend.fillZero(firstMoment)
    execution.backend.fillZero(secondMoment)
  }

  /// Updates the weights from the store's gradients.
  /// - Parameters:
  ///   - step: counts from 1.
  ///   - gradientScale: multiplies every gradient: clipping.
  public func update(step: Int, learningRate: Double, gradientScale: Double, in execution: Execution) {
    guard let gradient = store.gradient else { return }
    let corrections = (
      Float(1 - pow(settings.beta1, Double(step))), Float(1 - pow(settings.beta2, Double(step)))
    )
    for run in runs {
      let scalars = AdamWScalars(
        learningRate: Float(learningRate), beta1: Float(settings.beta1), beta2: Float(settings.beta2),
        epsilon: Float(settings.epsilon), weightDecay: run.decays ? Float(settings.weightDecay) : 0,
        corrections: corrections, gradientScale: Float(gradientScale))
      execution.backend.adamW(
        weight: store.master[rows: run.range], gradient: gradient[rows: run.range],
        firstMoment: firstMoment[rows: run.range], secondMoment: secondMoment[rows: run.range], scalars: scalars)
    }
    store.version.advance()
  }

  /// Neighbouring parameters of the same group, as one range of the flat buffers.
  private var runs: [(range: Range<Int>, decays: Bool)] {
    var runs: [(range: Range<Int>, decays: Bool)] = []
    for (i, declaration) in store.declarations.enumerated() {
      let range = store.offsets[i]..<store.offsets[i] + declaration.count
      if let last = runs.last, last.decays == decaying[i] {
        runs[runs.count - 1].range = last.range.lowerBound..<range.upperBound
      } else {
        runs.append((range, decaying[i]))
      }
    }
    return runs
  }
}
