public import Formats

/// Compares the final answer of a solution in LaTeX (MATH, arXiv:2103.03874).
///
/// Options: `style`, which says where the answer stands and how it is compared. `hendrycks`: between the first and the
/// last dollar sign, or the whole completion, compared as texts after the dataset's own rules. `minerva`: in "Final
/// Answer: The final answer is …. I hope it is correct.", after Minerva's rules, equal as texts or as formulas; both as
/// in lm-evaluation-harness, whose metric `exact_match` they have. `boxed`, the default: in the last `\boxed{…}`, or
/// else after "answer is"; equal as texts, formulas or lists of them, `extractive_match`. Where two different texts are
/// no formulas that can be compared, the answer counts as wrong and the note says so. References may be whole
/// solutions.
public struct MathScorer: AnswerScorer {
  /// Whose rules.
  public enum Style: String, Sendable, CaseIterable { case hendrycks, minerva, boxed }

  /// `exact_match`, or `extractive_match` in the style `boxed`.
  public var metrics: [String] { [style == .boxed ? "extractive_match" : "exact_match"] }

  private let style: Style

  /// A scorer from a task's options.
  /// - Throws: `ScorerError` naming an option that is unknown or wrong.
  public init(options: JSON) throws {
    let options = try ScorerOptions(options, of: "math")
    style = try options.choice("style", among: Style.allCases) ?? .boxed
    try options.finish()
  }

  /// Compares each completion's answer with the reference's.
  public func scores(question: JSON, reference: JSON, completions: [String]) throws -> [AnswerScore] {
    guard let solution = reference.stringValue ?? reference.intValue.map(String.init) else {
      throw ScorerError("the reference of a question for \"math\" is \(reference.kind), not a solution or an answer")
    }
    let right = AnswerExtraction.lastBoxed(in: solution) ?? solution
    return completions.map { completion in
      guard let answer = answer(in: completion) else {
        return AnswerScore(values: [metrics[0]: 0], note: "no answer found")
      }
      let verdict = compare(answer, right)
      return AnswerScore(
        values: [metrics[0]: verdict == .equal ? 1 : 0],
        answer: style == .hendrycks ? MathNormalization.hendrycks(answer) ?? answer : MathNormalization.final(answer),
        note: verdict == .undecided ? "not decided: \"\(answer.prefix(80))\" and \"\(right.prefix(80))\"" : nil)
    }
  }

  private func compare(_ answer: String, _ right: String) -> MathEquality.Verdict {
    switch style {
    case .hendrycks:
      if let first = MathNormalization.hendrycks(answer), let second = MathNormalization.hendrycks(right) {
        return first.unicodeScalars.elementsEqual(second.unicodeScalars) ? .equal : .different
      }
      return answer.unicodeScalars.elementsEqual(right.unicodeScalars) ? .equal : .different
    case .minerva:
      return MathEquality.compare(MathNormalization.final(answer), MathNormalization.final(right))
    case .boxed:
      return MathEquality.compareLists(
        MathNormalization.final(MathNormalization.hendrycks(answer) ?? answer),
        MathNormalization.final(MathNormalization.hendrycks(right) ?? right))
    }
  }

  private func answer(in completion: String) -> String? {
    switch style {
    case .hendrycks:
      let scalars = ScalarText(text: completion)
      guard let first = scalars.firstIndex(of: "$"), let last = scalars.lastIndex(of: "$"), first < last else {
        return completion
      }
      return Array(scalars[(first + 1)..<last]).string
    case .minerva:
      let match = Self.announced?.firstMatch(in: completion + "I hope it is correct.")
      return match?[1].map(PythonText.strip)
    case .boxed:
      if let boxed = AnswerExtraction.lastBoxed(in: completion) { return boxed }
      return Self.stated?.matches(in: completion).last?[1].map(PythonText.strip)
    }
  }

  private static let announced = try? TextPattern("Final Answer: The final answer is(.*?). I hope it is correct.")
  private static let stated = try? TextPattern(#"(?i:answer)(?: is|:)\s*:?\s*(.+?)(?:\.\s|\.?$|\n)"#)
}
