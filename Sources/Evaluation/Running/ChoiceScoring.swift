import Formats

/// What a question with given answers is worth, from the likelihoods of its choices.
struct ChoiceScoring {
  let task: EvaluationTask
  let prompt: ChoicePrompt

  /// The number of the choice that each metric takes.
  /// - Parameters:
  ///   - baseline: log-probabilities of the choices after the context that says nothing, where they are needed.
  func decisions(_ texts: [String], _ likelihoods: [Likelihood], baseline: [Double]?) -> [Int] {
    let delimiter = prompt.lengthCountsDelimiter ? task.delimiter : ""
    return prompt.metrics.map { metric in
      let scores = zip(texts, likelihoods).enumerated().map { index, pair in
        let (text, likelihood) = pair
        let sum = likelihood.logProbability
        switch metric {
        case .accuracy: return sum
        case .byCharacters: return Self.divided(sum, (delimiter + text).unicodeScalars.count)
        case .byBytes: return Self.divided(sum, (delimiter + text).utf8.count)
        case .byTokens: return Self.divided(sum, likelihood.tokenCount)
        case .byMutualInformation: return sum - (baseline?[index] ?? 0)
        }
      }
      return Self.largest(scores)
    }
  }

  /// An empty choice is never the best.
  private static func divided(_ sum: Double, _ length: Int) -> Double {
    length == 0 ? -.infinity : sum / Double(length)
  }

  /// The first of the largest.
  private static func largest(_ scores: [Double]) -> Int {
    var best = 0
    for i in scores.indices where scores[i] > scores[best] { best = i }
    return best
  }
}
