public import Formats

/// Compares the number that a solution ends with (GSM8K, arXiv:2110.14168).
///
/// Options: `style`. With `lm_eval`, the default, the metrics are those of lm-evaluation-harness: `strict_match` takes
/// the first number after `####`, `flexible_extract` the last one of the text; both are compared as text without
/// commas, dollar signs and a full stop at the end. With `lighteval` the metric is `extractive_match`: what
/// `AnswerExtraction` finds, compared as a number to five digits after the point. References may be whole solutions or
/// numbers.
public struct GSM8KScorer: AnswerScorer {
  /// Whose rules.
  public enum Style: String, Sendable, CaseIterable {
    case lmEval = "lm_eval"
    case lighteval
  }

  /// `strict_match` and `flexible_extract`, or `extractive_match`.
  public var metrics: [String] { style == .lmEval ? ["strict_match", "flexible_extract"] : ["extractive_match"] }

  private let style: Style

  /// A scorer from a task's options.
  /// - Throws: `ScorerError` naming an option that is unknown or wrong.
  public init(options: JSON) throws {
    let options = try ScorerOptions(options, of: "gsm8k")
    style = try options.choice("style", among: Style.allCases) ?? .lmEval
    try options.finish()
  }

  /// Compares each completion's number with the reference's.
  public func scores(question: JSON, reference: JSON, completions: [String]) throws -> [AnswerScore] {
    guard let solution = reference.stringValue ?? reference.intValue.map(String.init) else {
      throw ScorerError("the reference of a question for \"gsm8k\" is \(reference.kind), not a solution or a number")
    }
    let right = Self.normalized(solution)
    switch style {
    case .lmEval:
      return completions.map { completion in
        let bytes = Array(completion.utf8)
        let strict = Self.afterMarks(bytes).map(Self.normalized)
        let flexible = Self.lastNumber(bytes).map(Self.normalized)
        return AnswerScore(
          values: ["strict_match": strict == right ? 1 : 0, "flexible_extract": flexible == right ? 1 : 0],
          answer: flexible ?? strict, note: strict == nil && flexible == nil ? "no number" : nil)
      }
    case .lighteval:
      guard let number = AnswerExtraction.lastNumber(in: right).flatMap(Double.init) else {
        throw ScorerError("the reference of a question for \"gsm8k\" ends in no number: \"\(solution.suffix(40))\"")
      }
      return completions.map { completion in
        guard let answer = AnswerExtraction.number(in: completion) else {
          return AnswerScore(values: ["extractive_match": 0], note: "no number")
        }
        let isRight = MathEquality.isSame(answer.value, number, digits: 5)
        return AnswerScore(values: ["extractive_match": isRight ? 1 : 0], answer: answer.text)
      }
    }
  }

  /// A number as it is compared: without commas, dollar signs, what stands before the last `#### ` and a full stop at
  /// the end, or before a line feed at the end.
  static func normalized(_ text: String) -> String {
    var scalars = ScalarText(text: text).replacing(",").replacing("$")
    if let marks = scalars.lastIndex(of: ScalarText(text: "#### ")) { scalars.removeFirst(marks + 5) }
    let end = scalars.last == "\n" ? scalars.count - 1 : scalars.count
    if end > 0, scalars[end - 1] == "." { scalars.remove(at: end - 1) }
    return scalars.string.lowercased()
  }

  /// The first digits, points and commas that follow `#### `, with a minus sign before them.
  static func afterMarks(_ bytes: [UInt8]) -> String? {
    let marks = Array("#### ".utf8)
    var index = 0
    while index + marks.count < bytes.count {
      guard bytes[index] == marks[0], bytes[index..<index + marks.count].elementsEqual(marks) else {
        index += 1
        continue
      }
      let start = index + marks.count
      var end = start + (bytes[start] == UInt8(ascii: "-") ? 1 : 0)
      let digits = end
      while end < bytes.count, isNumeric(bytes[end]) { end += 1 }
      if end > digits { return String(decoding: bytes[start..<end], as: UTF8.self) }
      index += 1
    }
    return nil
  }

  /// The last number: two or more of digits, points, commas and dollar signs, or one digit; with a minus sign before.
  static func lastNumber(_ bytes: [UInt8]) -> String? {
    var last: Range<Int>?
    var index = 0
    while index < bytes.count {
      let start = index
      var end = index + (bytes[index] == UInt8(ascii: "-") ? 1 : 0)
      let first = end
      while end < bytes.count, isNumeric(bytes[end]) || bytes[end] == UInt8(ascii: "$") { end += 1 }
      if end - first >= 2 || end - first == 1 && isDigit(bytes[first]) {
        last = start..<end
        index = end
      } else {
        index += 1
      }
    }
    return last.map { String(decoding: bytes[$0], as: UTF8.self) }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  private static func isNumeric(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ",")
  }
}
