import Foundation

/// How a router's tokens spread over its experts.
public struct RouterLoad: Sendable, Equatable {
  /// Tokens that were routed.
  public var tokens: Int
  /// Choices of each expert; together `tokens` times the experts of a token.
  public var counts: [Int]
  /// Each expert's share of a token's scores, summed over the tokens.
  public var shares: [Double]
  /// The square of the log of the sum of exponentials of the logits, summed over the tokens.
  public var squaredLogSumExp: Double

  public init(tokens: Int, counts: [Int], shares: [Double], squaredLogSumExp: Double) {
    self.tokens = tokens
    self.counts = counts
    self.shares = shares
    self.squaredLogSumExp = squaredLogSumExp
  }

  /// This load and that of other tokens of the same router.
  public mutating func add(_ other: RouterLoad) {
    tokens += other.tokens
    for e in counts.indices { counts[e] += other.counts[e] }
    for e in shares.indices { shares[e] += other.shares[e] }
    squaredLogSumExp += other.squaredLogSumExp
  }

  private var meanCount: Double { Double(counts.reduce(0, +)) / Double(max(counts.count, 1)) }

  /// Choices of the busiest expert over the mean; 1 is even.
  public var largestOverMean: Double { meanCount > 0 ? Double(counts.max() ?? 0) / meanCount : 1 }

  /// Entropy of the choices over that of an even spread, from 0 to 1.
  public var evenness: Double {
    let all = Double(counts.reduce(0, +))
    guard counts.count > 1, all > 0 else { return 1 }
    let entropy = counts.reduce(0.0) { sum, count in
      let share = Double(count) / all
      return count > 0 ? sum - share * log(share) : sum
    }
    return entropy / log(Double(counts.count))
  }

  /// Each expert's part of all choices.
  public var fractions: [Double] {
    let all = Double(max(counts.reduce(0, +), 1))
    return counts.map { Double($0) / all }
  }
}

/// What the routers of a model are told before a pass over a micro-batch, and what they report of it, by layer.
///
/// It goes down and comes back with the tape, as a value. A block that is computed again for the backward pass reports
/// the same once more, and only the first report is kept.
public struct RoutingLedger: Sendable {
  /// Tokens of the whole step, over which the losses of balance are means; nil: there are none, as in evaluation.
  public var stepTokens: Int?
  /// Loads of earlier micro-batches of the same step.
  public var earlier: [Int: RouterLoad] = [:]
  /// Loads of this pass.
  public internal(set) var loads: [Int: RouterLoad] = [:]

  /// The first pass of a step of so many tokens.
  public init(stepTokens: Int? = nil) { self.stepTokens = stepTokens }

  /// The ledger of the step's next pass: what has been reported is earlier then.
  public func next() -> RoutingLedger {
    var next = RoutingLedger(stepTokens: stepTokens)
    next.earlier = earlier.merging(loads) { sum, load in
      var sum = sum
      sum.add(load)
      return sum
    }
    return next
  }
}
