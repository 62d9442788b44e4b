public import Formats

/// Compares whole completions with one or several accepted answers.
///
/// Options: `strip` (white space at both ends, on by default), `ignore_case`, `ignore_punctuation` (ASCII),
/// `ignore_numbers`, `ignore` (regular expressions whose matches are removed from both sides), as in
/// lm-evaluation-harness; `quasi: true` for the normalisation of QuAC and SQuAD that lighteval calls quasi-exact: lower
/// case, no ASCII punctuation, no articles, numbers in one form, single spaces; `match`: `full`, or `prefix` or
/// `suffix` for completions that begin or end with the answer; `shortest_forms`: an answer that begins with another one
/// is not accepted, as lighteval has it for TriviaQA. The metric is `exact_match`, or `quasi_exact_match`.
public struct ExactMatchScorer: AnswerScorer {
  /// Which part of a completion must be the answer.
  public enum Match: String, Sendable, CaseIterable { case full, prefix, suffix }

  /// `exact_match` or `quasi_exact_match`.
  public var metrics: [String] { [isQuasi ? "quasi_exact_match" : "exact_match"] }

  private let strips: Bool
  private let ignoresCase: Bool
  private let ignoresPunctuation: Bool
  private let ignoresNumbers: Bool
  private let ignored: [TextPattern]
  private let isQuasi: Bool
  private let match: Match
  private let takesShortestForms: Bool

  /// A scorer from a task's options.
  /// - Throws: `ScorerError` naming an option that is unknown or wrong.
  public init(options: JSON) throws {
    let options = try ScorerOptions(options, of: "exact_match")
    strips = try options.flag("strip") ?? true
    ignoresCase = try options.flag("ignore_case") ?? false
    ignoresPunctuation = try options.flag("ignore_punctuation") ?? false
    ignoresNumbers = try options.flag("ignore_numbers") ?? false
    ignored = try (options.texts("ignore") ?? []).map(TextPattern.init)
    isQuasi = try options.flag("quasi") ?? false
    match = try options.choice("match", among: Match.allCases) ?? .full
    takesShortestForms = try options.flag("shortest_forms") ?? false
    try options.finish()
  }

  /// Compares each completion with the accepted answers.
  public func scores(question: JSON, reference: JSON, completions: [String]) throws -> [AnswerScore] {
    let texts = (reference.arrayValue ?? [reference]).map { $0.stringValue ?? $0.intValue.map(String.init) }
    guard !texts.isEmpty, !texts.contains(nil) else {
      throw ScorerError("the reference of a question for \"exact_match\" is neither a text nor a list of texts")
    }
    let forms = texts.compactMap { $0 }
    let accepted = (takesShortestForms ? Self.shortest(forms) : forms).map(normalized)
    return completions.map { completion in
      let answer = normalized(strips ? PythonText.strip(completion) : completion)
      let isRight = accepted.contains { isMatch(answer, $0) }
      return AnswerScore(values: [metrics[0]: isRight ? 1 : 0], answer: answer)
    }
  }

  /// Those that begin with none of the others.
  private static func shortest(_ forms: [String]) -> [String] {
    var kept: [String] = []
    for form in forms.sorted(by: { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }) {
      if let last = kept.last, form.unicodeScalars.starts(with: last.unicodeScalars) { continue }
      kept.append(form)
    }
    return kept
  }

  private func isMatch(_ answer: String, _ accepted: String) -> Bool {
    switch match {
    case .full: answer.unicodeScalars.elementsEqual(accepted.unicodeScalars)
    case .prefix: answer.unicodeScalars.starts(with: accepted.unicodeScalars)
    case .suffix: answer.unicodeScalars.reversed().starts(with: accepted.unicodeScalars.reversed())
    }
  }

  private func normalized(_ text: String) -> String {
    var text = ignored.reduce(text) { $1.replacing(in: $0, with: "") }
    if isQuasi { text = Self.quasi(text) }
    if ignoresCase { text = text.lowercased() }
    guard ignoresPunctuation || ignoresNumbers else { return text }
    var kept = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if ignoresPunctuation, Self.isPunctuation(scalar) { continue }
      if ignoresNumbers, ("0"..."9").contains(scalar) { continue }
      kept.append(scalar)
    }
    return String(kept)
  }

  /// Word by word, where words end at spaces and hyphens.
  static func quasi(_ text: String) -> String {
    let words = text.unicodeScalars.split(separator: " ", omittingEmptySubsequences: false).flatMap {
      $0.split(separator: "-", omittingEmptySubsequences: false)
    }
    let kept = words.map { word -> String in
      var plain = String.UnicodeScalarView()
      plain.append(contentsOf: String(word).lowercased().unicodeScalars.filter { !isPunctuation($0) })
      var result = String(plain)
      if let number = Double(result), result.utf8.first.map({ !(0x69...0x6E).contains($0 | 0x20) }) == true {
        result = "\(number)"
      }
      if let articles { result = articles.replacing(in: result, with: " ") }
      return result.unicodeScalars.split(whereSeparator: PythonText.isSpace).map(String.init).joined(separator: " ")
    }
    return kept.filter { !$0.isEmpty }.joined(separator: " ")
  }

  private static let articles = try? TextPattern(#"\b(a|an|the)\b"#)

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
    default: false
    }
  }
}
