import Evaluation
import Foundation
import Testing

struct AggregateTests {
  @Test func passAtKIsTheShareOfSubsetsWithARightCompletion() throws {
    for n in 1...8 {
      for c in 0...n {
        for k in 1...n {
          let subsets = (0..<(1 << n)).filter { $0.nonzeroBitCount == k }
          // The right completions are the lowest c bits.
          let passing = subsets.count { $0 & ((1 << c) - 1) != 0 }
          let estimate = try #require(PassAtK.estimate(samples: n, correct: c, k: k))
          #expect(abs(estimate - Double(passing) / Double(subsets.count)) < 1e-12)
        }
      }
    }
    // 1 − C(9900, 100) / C(10000, 100), by logarithms of factorials.
    let logarithm = lgamma(9901.0) - lgamma(9801) - lgamma(10001) + lgamma(9901)
    let large = try #require(PassAtK.estimate(samples: 10000, correct: 100, k: 100))
    #expect(abs(large - (1 - exp(logarithm))) < 1e-9)
  }

  @Test func passAtKOfTooFewCompletionsIsNotGuessed() {
    #expect(PassAtK.estimate(samples: 5, correct: 5, k: 10) == nil)
    #expect(PassAtK.estimate(samples: 5, correct: 2, k: 0) == nil)
    #expect(PassAtK.estimate(samples: 0, correct: 0, k: 1) == nil)
    #expect(PassAtK.estimate(samples: 2, correct: 3, k: 1) == nil)
  }

  @Test func majorityIsTheMostFrequentAnswerThenTheEarliest() {
    #expect(MajorityVote.winner(["7", "8", "8", "9"]) == 1)
    #expect(MajorityVote.winner(["9", "8", "8", "9", nil, nil, nil]) == 0)
    #expect(MajorityVote.winner([nil, "4"]) == 1)
    #expect(MajorityVote.winner([nil, nil]) == nil)
    #expect(MajorityVote.winner([]) == nil)
  }

  @Test func errorOfAMeanIsTheClosedForm() throws {
    let error = try #require(StandardError.mean([1, 2, 3, 4]))
    #expect(abs(error - (5.0 / 3).squareRoot() / 2) < 1e-15)
    #expect(StandardError.mean([1]) == nil)
    #expect(StandardError.mean([2, 2, 2]) == 0)
  }

  @Test func bootstrapOfAMeanIsNearTheClosedFormAndRepeats() throws {
    let values = (0..<400).map { Double($0 * $0 % 97) }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    let closed = try #require(StandardError.mean(values))
    let first = try #require(StandardError.bootstrap(values, samples: 2000, seed: 3, statistic: mean))
    // The bootstrap's own error is about 1/√(2 · 2000), 1.6 %; dividing by √2000 again would miss by a factor of 45.
    #expect(abs(first / closed - 1) < 0.06)
    #expect(StandardError.bootstrap(values, samples: 2000, seed: 3, statistic: mean) == first)
    #expect(StandardError.bootstrap(values, samples: 2000, seed: 4, statistic: mean) != first)
  }
}
