/// A stretch of a learning-rate schedule; its rates are multiples of the schedule's peak.
public struct SchedulePhase: Sendable, Equatable {
  /// How the rate goes from the phase's first multiple to its last.
  public enum Style: String, Sendable, CaseIterable {
    /// The last multiple from the first step on.
    case constant
    case linear, cosine
    /// `1 − √progress` (arXiv:2405.18392).
    case oneMinusSquareRoot = "1-sqrt"
    /// `√(start / step)` times the first multiple, for as long as it goes on (Vaswani and others, arXiv:1706.03762).
    case inverseSquareRoot = "inverse-sqrt"
  }

  /// Its first step, counted from 0.
  public var start: Int
  /// Updates from its first to the first that is at the last multiple; the rate then stays.
  public var steps: Int
  public var style: Style
  /// The multiple that it begins with.
  public var from: Double
  /// The multiple that it ends with.
  public var to: Double

  /// Creates a phase.
  public init(start: Int, steps: Int, style: Style, from: Double, to: Double) {
    self.start = start
    self.steps = steps
    self.style = style
    self.from = from
    self.to = to
  }

  /// The multiple at a step that is not before the phase.
  func factor(step: Int) -> Double {
    if style == .inverseSquareRoot { return from * (Double(max(start, 1)) / Double(max(step, 1))).squareRoot() }
    guard style != .constant, step - start < steps,
      let shape = LearningRateSchedule.DecayStyle(rawValue: style.rawValue)
    else { return to }
    return to + (from - to) * shape.remaining(Double(step - start), of: Double(steps))
  }
}

extension SchedulePhase {
  /// Phases that share out the run: `splits` are parts of all updates, one a phase.
  static func phases(
    trainSteps: Int, splits: [Double], styles: [Style], factors: [Double]
  ) -> [SchedulePhase] {
    var phases: [SchedulePhase] = []
    var done = 0.0
    for (index, split) in splits.enumerated() {
      let start = Int((done * Double(trainSteps)).rounded())
      done += split
      let end = index + 1 == splits.count ? trainSteps : Int((done * Double(trainSteps)).rounded())
      let style = styles[min(index, styles.count - 1)]
      let to = factors[index]
      let from = style == .constant ? to : index > 0 ? factors[index - 1] : 1
      phases.append(SchedulePhase(start: start, steps: end - start, style: style, from: from, to: to))
    }
    return phases
  }
}
