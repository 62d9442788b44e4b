import Foundation

/// Finds the answer in a text that reasons first: in a box, after the words that announce it, or at the end.
///
/// The order is that of lighteval's extraction for numbers: the last `\boxed{…}`, "the final answer is …", "answer: …",
/// "answer …", then the last number that stands by itself.
enum AnswerExtraction {
  /// The number of the first of these places that has one.
  static func number(in text: String) -> (value: Double, text: String)? {
    if let box = lastBoxed(in: text) {
      if let value = MathExpression.constant(MathNormalization.final(box)) { return (value, box) }
      if let number = lastNumber(in: box), let value = Double(number) { return (value, number) }
    }
    for pattern in announcements {
      if let match = pattern.matches(in: text).last, let number = match[1].flatMap(plain), let value = Double(number) {
        return (match.count > 2 && match[2] != nil ? value / 100 : value, number)
      }
    }
    return lastNumber(in: text).flatMap { number in Double(number).map { ($0, number) } }
  }

  /// The last number that stands by itself, as digits with a point; one in the middle of a word is none.
  static func lastNumber(in text: String) -> String? { standing?.matches(in: text).last?[1].flatMap(plain) }

  /// What the last `\boxed` or `\fbox` holds; nil where its braces do not close.
  static func lastBoxed(in text: String) -> String? {
    let scalars = ScalarText(text: text)
    let places = ["\\boxed", "\\fbox"].compactMap { name in scalars.lastIndex(of: ScalarText(text: name)) }
    guard let start = places.max(), var index = scalars[start...].firstIndex(where: { $0 == "{" || $0 == " " })
    else { return nil }
    if scalars[index] == " " {
      // TeX takes `\boxed 5` for a box around one token; answers in this form end with the formula.
      let rest = scalars[(index + 1)...].prefix { $0 != "$" && $0 != "\n" }
      return PythonText.strip(Array(rest).string)
    }
    let first = index + 1
    var depth = 0
    while index < scalars.count {
      if scalars[index] == "{" { depth += 1 }
      if scalars[index] == "}" {
        depth -= 1
        if depth == 0 { return Array(scalars[first..<index]).string }
      }
      index += 1
    }
    return nil
  }

  private static let numeral = #"(-?(?:[0-9]{1,3}(?:[ ,][0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:[.,][0-9]+)?|\.[0-9]+))"#
  private static let lead = #"(?:^|\s|=)(?:\*\*)?\$?"#

  private static let announcements: [TextPattern] = [
    #"(?i:final answer is):?\s*"# + lead + numeral + #"(\s*(?:%|percent))?\.?\s?I hope"#,
    #"(?i:final answer[^\n]{0,100}?)\s+is:?"# + lead + numeral + #"(\s*(?:%|percent))?"#,
    #"(?i:answer)\s?:(?:.{0,100}=\s*|.{0,50}?)"# + lead + numeral + #"(\s*(?:%|percent))?(?!\s*=)"#,
    #"(?i:answer)(?:.{0,100}=\s*|.{0,50}?)"# + lead + numeral + #"(\s*(?:%|percent))?(?!\s*=)"#,
  ].compactMap { try? TextPattern($0) }

  private static let standing = try? TextPattern(lead + numeral)

  /// A numeral as Swift reads it: commas and spaces between thousands go, a decimal comma becomes a point.
  private static func plain(_ numeral: String) -> String? {
    var digits = numeral
    let groups = digits.split(whereSeparator: { $0 == "," || $0 == " " })
    if groups.count == 2, !digits.contains("."), digits.contains(","), groups[1].count != 3 {
      digits = groups.joined(separator: ".")
    } else {
      digits.removeAll { $0 == "," || $0 == " " }
    }
    return Double(digits) == nil ? nil : digits
  }
}
