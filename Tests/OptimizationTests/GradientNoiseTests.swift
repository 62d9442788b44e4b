import Optimization
import Tensors
import Testing

@Suite struct GradientNoiseTests {
  /// Gradients with a known mean and scatter: the means of many estimates find both.
  @Test func bothTermsAreFoundWithoutBias() throws {
    let random = Philox(seed: 4, purpose: "noise")
    let (width, parts) = (20, [2.0, 6, 4])
    // A token's gradient is 0.5 plus uniform noise of variance 1/12 in each of 20 directions.
    let (signal, trace) = (Double(width) * 0.25, Double(width) / 12)
    var sums = (signal: 0.0, trace: 0.0)
    let rounds = 4000
    var draw: UInt64 = 0
    for _ in 0..<rounds {
      let total = parts.reduce(0, +)
      var whole = [Double](repeating: 0, count: width)
      let estimates = parts.map { tokens in
        var sum = [Double](repeating: 0, count: width)
        for _ in 0..<Int(tokens) {
          for i in 0..<width {
            sum[i] += Double(random.uniform(draw)) / total
            draw += 1
          }
        }
        for i in 0..<width { whole[i] += sum[i] }
        return GradientNoise.Part(squaredNorm: sum.reduce(0) { $0 + $1 * $1 }, tokens: tokens)
      }
      let noise = try #require(GradientNoise(parts: estimates, whole: whole.reduce(0) { $0 + $1 * $1 }))
      sums = (sums.signal + noise.signal, sums.trace + noise.trace)
    }
    #expect(abs(sums.signal / Double(rounds) / signal - 1) < 0.02)
    #expect(abs(sums.trace / Double(rounds) / trace - 1) < 0.03)
  }

  @Test func onePartTellsNothing() {
    #expect(GradientNoise(parts: [.init(squaredNorm: 1, tokens: 4), .init(squaredNorm: 0, tokens: 0)], whole: 1) == nil)
  }
}
