/// The baseline that answers every question with what was most often right in training.
public struct MostFrequentAnswer: Sendable, Equatable {
  /// The answer given to every question; of several equally frequent ones the first in the order of bytes.
  public let answer: String
  /// How often it was right among the training pairs.
  public let occurrences: Int
  /// How many training pairs were counted.
  public let pairs: Int

  /// Counts the answers of training question-answer pairs.
  public init(answers: some Sequence<String>) {
    var counts: [String: Int] = [:]
    for answer in answers { counts[answer, default: 0] += 1 }
    let best = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }
    answer = best?.key ?? ""
    occurrences = best?.value ?? 0
    pairs = counts.values.reduce(0, +)
  }

  /// The baseline of a category of the tiny world, from `pairs` training question-answer pairs.
  public init(world: TinyWorld, category: TinyWorld.Category, pairs: Int = 20_000) {
    self.init(answers: (0..<pairs).lazy.map { world.trainingQuestion(category, UInt64($0)).answer })
  }

  /// Its share of right answers on the questions.
  public func accuracy(on questions: [TinyWorld.Question]) -> BinomialInterval {
    BinomialInterval(successes: questions.count { $0.answer == answer }, trials: questions.count)
  }
}
