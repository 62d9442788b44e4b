/// What one update tells of how much gradients of single tokens scatter around their mean (McCandlish and others, "An
/// Empirical Model of Large-Batch Training", arXiv:1812.06162, appendix A.1).
///
/// A mean over `n` tokens has the expected squared norm `|G|² + tr(Σ) / n`. The micro-batches of an update and the
/// update as a whole are two sizes of `n`, which gives both terms without bias; single estimates are noisy and may be
/// negative, so average both over many updates before taking their ratio.
public struct GradientNoise: Sendable, Equatable {
  /// An estimate of `|G|²`, the squared norm of the true gradient.
  public var signal: Double
  /// An estimate of `tr(Σ)`, the variance of one token's gradient.
  public var trace: Double

  /// One micro-batch's part of an update's gradient.
  public struct Part: Sendable {
    /// Squared norm of what it added to the update's gradient.
    public var squaredNorm: Double
    /// Its targets.
    public var tokens: Double

    /// Notes a part.
    public init(squaredNorm: Double, tokens: Double) {
      self.squaredNorm = squaredNorm
      self.tokens = tokens
    }
  }

  /// Estimates from the parts of an update whose gradient is the mean over all their tokens; nil for fewer than two.
  /// - Parameter whole: the squared norm of that gradient.
  public init?(parts: [Part], whole: Double) {
    let parts = parts.filter { $0.tokens > 0 }
    guard parts.count > 1 else { return nil }
    let total = parts.reduce(0) { $0 + $1.tokens }
    let count = Double(parts.count)
    // A part's share of the sum, made a mean over its own tokens.
    let small = parts.reduce(0) { $0 + $1.squaredNorm * (total / $1.tokens) * (total / $1.tokens) } / count
    let inverse = parts.reduce(0) { $0 + 1 / $1.tokens } / count
    trace = (small - whole) / (inverse - 1 / total)
    signal = whole - trace / total
  }
}
