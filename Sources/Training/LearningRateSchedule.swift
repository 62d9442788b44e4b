import Foundation

/// The learning rate of every update: warm-up, an optional plateau, decay, then the minimum; or warm-up and then phases.
///
/// Formula and step counting are nanotron's (`lr_scheduler_builder` in `src/nanotron/helpers.py`): the first update of
/// a run has step 0, so a linear warm-up begins at rate 0 and reaches the peak at `step == warmupSteps`. A plateau
/// between warm-up and a decay over the last steps is the warm-up–stable–decay schedule (WSD, arXiv:2404.06395).
public struct LearningRateSchedule: Sendable, Equatable {
  /// How the rate rises to its peak.
  public enum WarmupStyle: String, Sendable, CaseIterable {
    case linear, constant
  }

  /// How the rate falls from its peak to its minimum.
  public enum DecayStyle: String, Sendable, CaseIterable {
    case linear, cosine
    /// `1 − √progress` (arXiv:2405.18392).
    case oneMinusSquareRoot = "1-sqrt"

    /// What is left of the way down after this share of it.
    func remaining(_ into: Double, of length: Double) -> Double {
      switch self {
      case .linear: (length - into) / length
      case .cosine: (1 + cos(.pi * into / length)) / 2
      case .oneMinusSquareRoot: 1 - (into / length).squareRoot()
      }
    }
  }

  /// The rate between warm-up and decay.
  public var peak: Double
  /// The rate after the decay.
  public var minimum: Double
  /// Updates of warm-up.
  public var warmupSteps: Int
  public var warmupStyle: WarmupStyle
  public var decayStyle: DecayStyle
  /// First step of the decay.
  public var decayStartingStep: Int
  /// Updates from the first of the decay to the first at the minimum.
  public var decaySteps: Int
  /// What follows the warm-up instead of one decay, by rising first steps; usually empty.
  public var phases: [SchedulePhase]

  /// Creates a schedule.
  public init(
    peak: Double, minimum: Double, warmupSteps: Int, warmupStyle: WarmupStyle = .linear,
    decayStyle: DecayStyle = .linear, decayStartingStep: Int, decaySteps: Int, phases: [SchedulePhase] = []
  ) {
    self.peak = peak
    self.minimum = minimum
    self.warmupSteps = warmupSteps
    self.warmupStyle = warmupStyle
    self.decayStyle = decayStyle
    self.decayStartingStep = decayStartingStep
    self.decaySteps = decaySteps
    self.phases = phases
  }

  /// The rate of the update with this number, counted from 0 over the whole run.
  public func learningRate(step: Int) -> Double {
    if !phases.isEmpty, warmupSteps == 0 || step > warmupSteps {
      return peak * (phases.last { $0.start <= step }?.factor(step: step) ?? 1)
    }
    if warmupSteps == 0 && decaySteps == 0 { return peak }
    if step <= warmupSteps {
      switch warmupStyle {
      case .linear: return peak * Double(step) / Double(max(warmupSteps, 1))
      case .constant: return peak
      }
    }
    if step < decayStartingStep { return peak }
    guard step - decayStartingStep < decaySteps else { return minimum }
    let into = Double(step - decayStartingStep)
    let length = Double(decaySteps)
    return minimum + (peak - minimum) * decayStyle.remaining(into, of: length)
  }
}
