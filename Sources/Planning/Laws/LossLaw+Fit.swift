import Foundation

/// A finished run as a law of the loss sees it.
public struct LossPoint: Sendable, Equatable {
  /// Parameters outside embedding and head.
  public var parameters: Double
  /// Tokens trained on.
  public var tokens: Double
  /// Its loss at the end, nats a token.
  public var loss: Double

  /// States a run's end.
  public init(parameters: Double, tokens: Double, loss: Double) {
    (self.parameters, self.tokens, self.loss) = (parameters, tokens, loss)
  }
}

extension LossLaw {
  /// Why runs do not say a law.
  public struct FitError: Error, Sendable, CustomStringConvertible {
    public let description: String
  }

  /// The law that lies nearest to some runs, and the root of the mean of its squared relative errors on them.
  ///
  /// For given exponents the other three numbers are those of a least-squares problem with none below 0; the exponents
  /// are looked for on ever finer grids. That is the objective of the Chinchilla paper's third approach
  /// (arXiv:2203.15556) but for its weights, which make outliers count less, and it has no starting point.
  /// - Throws: ``FitError`` for fewer than five runs, sizes or token counts that are all the same, or numbers that no
  ///   run has.
  public static func fit(_ points: [LossPoint], name: String) throws -> (law: LossLaw, error: Double) {
    let numbers = points.flatMap { [$0.parameters, $0.tokens, $0.loss] }
    guard numbers.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      throw FitError(description: "sizes, tokens and losses must all be above 0")
    }
    guard points.count >= 5 else {
      throw FitError(description: "the five numbers of a law need five runs or more, not \(points.count)")
    }
    guard Set(points.map(\.parameters)).count > 1, Set(points.map(\.tokens)).count > 1 else {
      throw FitError(description: "the runs must differ in parameters and in tokens, which nothing else can tell apart")
    }
    var best = Candidate(points, 0.3, 0.3)
    var (center, width) = ((0.75, 0.75), 0.75)
    for _ in 0..<12 {
      for i in -10...10 {
        for j in -10...10 {
          let (a, b) = (center.0 + width * Double(i) / 10, center.1 + width * Double(j) / 10)
          guard a > 1e-3, b > 1e-3 else { continue }
          let candidate = Candidate(points, a, b)
          if candidate.error < best.error { best = candidate }
        }
      }
      center = best.exponents
      width /= 3
    }
    let law = LossLaw(
      name: name, source: "fitted to \(points.count) runs", floor: best.numbers[0],
      size: (best.numbers[1], best.exponents.0), data: (best.numbers[2], best.exponents.1))
    return (law, (best.error / Double(points.count)).squareRoot())
  }

  /// The best law of two exponents.
  private struct Candidate {
    let exponents: (Double, Double)
    /// E, A and B.
    private(set) var numbers = [0.0, 0, 0]
    /// Sum of squared relative errors.
    private(set) var error = Double.infinity

    init(_ points: [LossPoint], _ a: Double, _ b: Double) {
      exponents = (a, b)
      // Terms of about the size of 1 keep the equations well posed.
      let scales = [
        1, LossLaw.mean(points.map { pow($0.parameters, -a) }), LossLaw.mean(points.map { pow($0.tokens, -b) }),
      ]
      let rows = points.map { point in
        [1, pow(point.parameters, -a) / scales[1], pow(point.tokens, -b) / scales[2]].map { $0 / point.loss }
      }
      // None is below 0: the best of all sets of terms whose own best has none.
      for terms in [[0, 1, 2], [1, 2], [0, 1], [0, 2], [1], [2], [0]] {
        guard let solved = LossLaw.leastSquares(rows.map { row in terms.map { row[$0] } }),
          solved.allSatisfy({ $0 >= 0 })
        else { continue }
        var weights = [0.0, 0, 0]
        for (term, weight) in zip(terms, solved) { weights[term] = weight }
        let sum = rows.reduce(0.0) { sum, row in
          let difference = zip(row, weights).reduce(-1) { $0 + $1.0 * $1.1 }
          return sum + difference * difference
        }
        if sum < error { (error, numbers) = (sum, zip(weights, scales).map { $0 / $1 }) }
      }
    }
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  /// x for which `rows` · x comes nearest to ones; nil where the rows do not say it.
  private static func leastSquares(_ rows: [[Double]]) -> [Double]? {
    let n = rows.first?.count ?? 0
    // The normal equations, with their right side as the last column.
    var m = (0..<n).map { i in
      (0...n).map { j in rows.reduce(0.0) { $0 + $1[i] * (j < n ? $1[j] : 1) } }
    }
    for k in 0..<n {
      guard let pivot = (k..<n).max(by: { abs(m[$0][k]) < abs(m[$1][k]) }), abs(m[pivot][k]) > 1e-12 else { return nil }
      m.swapAt(k, pivot)
      for i in 0..<n where i != k {
        let factor = m[i][k] / m[k][k]
        for j in k...n { m[i][j] -= factor * m[k][j] }
      }
    }
    return (0..<n).map { m[$0][n] / m[$0][$0] }
  }
}
