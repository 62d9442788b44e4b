public import Formats

/// Judges what a model wrote to a question.
public protocol AnswerScorer: Sendable {
  /// The names of the values that it gives every completion, the most important first.
  var metrics: [String] { get }

  /// Judges the completions of one question; questions may be judged by several threads at once.
  /// - Parameters:
  ///   - question: the row of the dataset, as it stands there.
  ///   - reference: what the task's `answer` gives for the row: a string, a list of accepted strings, or any value.
  ///   - completions: what the model wrote, cut at the task's stop strings.
  /// - Returns: one score a completion, in their order.
  /// - Throws: a sentence naming what the row lacks. A wrong, empty or harmful completion is a score, not an error.
  func scores(question: JSON, reference: JSON, completions: [String]) throws -> [AnswerScore]
}

/// What one completion is worth.
public struct AnswerScore: Sendable, Equatable {
  /// A value for each of the scorer's metrics; 0 or 1 where it is right or wrong.
  public var values: [String: Double]
  /// The answer that was found in the text, for majority votes and the details; nil where there is none.
  public var answer: String?
  /// Why it failed, for the details: an exception, a timeout, a wrong format; nil where there is nothing to say.
  public var note: String?

  /// Creates a score.
  public init(values: [String: Double], answer: String? = nil, note: String? = nil) {
    self.values = values
    self.answer = answer
    self.note = note
  }
}
