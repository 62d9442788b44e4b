import Corpora
import Testing

@Suite("Baseline and intervals") struct TinyWorldBaselineTests {
  @Test("Wilson intervals agree with published values")
  func intervals() {
    // Values of scipy.stats.binomtest(...).proportion_ci(method="wilson").
    let cases = [
      (8, 10, 0.490162, 0.943318), (0, 10, 0, 0.277533), (10, 10, 0.722467, 1), (150, 300, 0.443780, 0.556220),
      (1, 400, 0.000441, 0.014023),
    ]
    for (successes, trials, lower, upper) in cases {
      let interval = BinomialInterval(successes: successes, trials: trials)
      #expect(
        abs(interval.lower - lower) < 2e-6 && abs(interval.upper - upper) < 2e-6, "\(interval.lower) \(interval.upper)")
    }
    let none = BinomialInterval(successes: 0, trials: 0)
    #expect(none.share == 0 && none.lower == 0 && none.upper == 1)
    let better = BinomialInterval(successes: 200, trials: 300)
    #expect(better.isAbove(BinomialInterval(successes: 150, trials: 300)) && !better.isAbove(better))
  }

  @Test("The most frequent answer wins, ties go to the first in order")
  func mostFrequent() {
    let baseline = MostFrequentAnswer(answers: ["b", "a", "b", "a", "c"])
    #expect(baseline.answer == "a" && baseline.occurrences == 2 && baseline.pairs == 5)
    #expect(MostFrequentAnswer(answers: []).pairs == 0)
  }

  @Test("The baseline leaves room in every category", arguments: TinyWorld.Category.allCases)
  func baselineIsWeak(category: TinyWorld.Category) {
    let world = TinyWorld(seed: 1)
    let baseline = MostFrequentAnswer(world: world, category: category, pairs: 5000)
    let questions = world.questions(category, count: 400)
    let accuracy = baseline.accuracy(on: questions)
    #expect(accuracy.trials == questions.count && accuracy.share < 0.2, "\(baseline.answer): \(accuracy.share)")
    #expect(baseline.occurrences > 0)
  }
}
