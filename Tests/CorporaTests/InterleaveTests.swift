import Corpora
import TestSupport
import Testing

@Suite struct InterleaveTests {
  private static func mixtures() -> [[Double]] {
    var random = SeededGenerator(state: 8)
    var mixtures: [[Double]] = [
      [1], [1, 1], [0.6, 0.25, 0.15], [0, 3, 0, 1], [1e-9, 1], [1, 1, 1, 1, 1, 1, 1], [1e300, 1e300, 5e299],
      [1, 2, 4, 8, 16, 32, 64, 128], [1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89], [0.5, 0.3, 0.1, 0.05, 0.05],
    ]
    for count in [2, 3, 5, 9, 17, 40] {
      for _ in 0..<4 { mixtures.append((0..<count).map { _ in Double.random(in: 0...1, using: &random) }) }
    }
    return mixtures
  }

  @Test func everyOrdinalComesOnceAndSharesHold() throws {
    for weights in InterleaveTests.mixtures() {
      let interleave = try Interleave(weights: weights)
      let largest = weights.max() ?? 1
      let sum = weights.reduce(0) { $0 + $1 / largest }
      var counts = [UInt64](repeating: 0, count: weights.count)
      var worst = 0.0
      var inOrder = true
      for n in 0..<4000 as Range<UInt64> {
        let (source, ordinal) = interleave.locate(n)
        inOrder = inOrder && ordinal == counts[source]
        counts[source] += 1
        for (weight, count) in zip(weights, counts) {
          worst = max(worst, abs(Double(count) - Double(n + 1) * (weight / largest / sum)))
        }
      }
      #expect(inOrder, "\(weights)")
      #expect(worst < 1.32, "\(weights)")
      #expect(interleave.counts(before: 4000) == counts)
    }
  }

  @Test func farSamplesAgreeWithTheCounts() throws {
    var random = SeededGenerator(state: 12)
    for weights in InterleaveTests.mixtures() {
      let interleave = try Interleave(weights: weights)
      let largest = weights.max() ?? 1
      let sum = weights.reduce(0) { $0 + $1 / largest }
      for _ in 0..<200 {
        let n = UInt64.random(in: 0...1_000_000_000_000, using: &random)
        let before = interleave.counts(before: n)
        var after = before
        let (source, ordinal) = interleave.locate(n)
        #expect(ordinal == before[source])
        after[source] += 1
        #expect(interleave.counts(before: n + 1) == after)
        #expect(before.reduce(0, +) == n)
        for (weight, count) in zip(weights, before) {
          #expect(abs(Double(count) - Double(n) * (weight / largest / sum)) < 1.5)
        }
      }
    }
  }

  @Test func theLargestNumbersWork() throws {
    let interleave = try Interleave(weights: [3, 2, 1])
    #expect(interleave.counts(before: .max).reduce(0, +) == .max)
  }

  @Test func badWeightsAreNamed() {
    #expect(sentence { _ = try Interleave(weights: [1, -2]) }.hasPrefix("Weight -2.0 of source 1 is wrong"))
    #expect(sentence { _ = try Interleave(weights: [.nan]) }.hasPrefix("Weight nan of source 0 is wrong"))
    #expect(sentence { _ = try Interleave(weights: [1, .infinity]) }.hasPrefix("Weight inf of source 1 is wrong"))
    #expect(sentence { _ = try Interleave(weights: [0, 0]) } == "The mixture has no source with a weight above 0")
    #expect(sentence { _ = try Interleave(weights: []) } == "The mixture has no source with a weight above 0")
  }
}
