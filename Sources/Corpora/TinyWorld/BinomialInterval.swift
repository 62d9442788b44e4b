/// A share of successes with its 95 % interval (Wilson, "Probable inference, the law of succession, and
/// statistical inference", 1927).
public struct BinomialInterval: Sendable, Equatable {
  /// How often it succeeded.
  public let successes: Int
  /// How often it was tried.
  public let trials: Int

  /// The interval of `successes` out of `trials`; needs `0 <= successes <= trials`.
  public init(successes: Int, trials: Int) {
    precondition(successes >= 0 && successes <= trials)
    self.successes = successes
    self.trials = trials
  }

  /// The observed share, from 0 to 1; 0 without trials.
  public var share: Double { trials == 0 ? 0 : Double(successes) / Double(trials) }
  /// Lower end of the interval.
  public var lower: Double { successes == 0 ? 0 : bounds.0 }
  /// Upper end of the interval.
  public var upper: Double { successes == trials ? 1 : bounds.1 }

  private var bounds: (Double, Double) {
    let z = 1.959_963_984_540_054
    let n = Double(trials)
    let scale = 1 + z * z / n
    let centre = (share + z * z / (2 * n)) / scale
    let half = z / scale * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    return (max(0, centre - half), min(1, centre + half))
  }

  /// Whether this interval lies above the other one without touching it.
  public func isAbove(_ other: BinomialInterval) -> Bool { lower > other.upper }
}
