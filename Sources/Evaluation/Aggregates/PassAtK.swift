/// The chance that at least one of k completions is right (arXiv:2107.03374, section 2.1).
public enum PassAtK {
  /// The unbiased estimate from more than k completions: 1 − C(n − c, k) / C(n, k), multiplied out as
  /// 1 − Π (1 − k / i) for i from n − c + 1 to n, so that nothing overflows.
  /// - Parameters:
  ///   - samples: completions, n.
  ///   - correct: right ones of them, c.
  ///   - k: completions that a user would look at.
  /// - Returns: nil where n completions say nothing about k: k below 1 or above n, or c outside 0…n.
  public static func estimate(samples n: Int, correct c: Int, k: Int) -> Double? {
    guard k >= 1, k <= n, (0...n).contains(c) else { return nil }
    if n - c < k { return 1 }
    var allWrong = 1.0
    for i in stride(from: n - c + 1, through: n, by: 1) { allWrong *= 1 - Double(k) / Double(i) }
    return 1 - allWrong
  }
}
