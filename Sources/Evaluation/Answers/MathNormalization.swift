/// Brings answers in LaTeX to one spelling.
enum MathNormalization {
  /// The rules of the MATH dataset's own evaluation (arXiv:2103.03874), for a whole answer.
  /// - Returns: nil where those rules fail, so that only equal texts are equal.
  static func hendrycks(_ text: String) -> String? {
    var answer = ScalarText(text: text)
    let removals = [
      ("\n", ""), ("\\!", ""), ("\\\\", "\\"), ("tfrac", "frac"), ("dfrac", "frac"), ("\\left", ""), ("\\right", ""),
      ("^{\\circ}", ""), ("^\\circ", ""), ("\\$", ""),
    ]
    for (old, new) in removals { answer = answer.replacing(old, with: new) }
    // A text after a space is a unit; two of them are something else.
    let parts = answer.split(on: "\\text{ ")
    guard parts.count <= 2 else { return nil }
    answer = parts[0].replacing("\\%").replacing(" .", with: " 0.").replacing("{.", with: "{0.")
    guard let first = answer.first else { return "" }
    if first == "." { answer.insert("0", at: 0) }
    let sides = answer.split(on: "=")
    if sides.count == 2, sides[0].count <= 2 { answer = sides[1] }
    guard let rooted = bracingRoots(answer), let bracedFractions = bracingFractions(rooted.replacing(" ")) else {
      return nil
    }
    answer = bracedFractions
    if answer.string == "0.5" { return "\\frac{1}{2}" }
    return slashAsFraction(answer)
  }

  /// `\sqrt3` becomes `\sqrt{3}`.
  private static func bracingRoots(_ text: ScalarText) -> ScalarText? {
    let parts = text.split(on: "\\sqrt")
    var result = parts[0]
    for part in parts.dropFirst() {
      guard let first = part.first else { return nil }
      result += ScalarText(text: "\\sqrt")
      result += first == "{" ? part : ["{", first, "}"] + part.dropFirst()
    }
    return result
  }

  /// `\frac12` and `\frac1{72}` become `\frac{1}{2}` and `\frac{1}{72}`.
  private static func bracingFractions(_ text: ScalarText) -> ScalarText? {
    let parts = text.split(on: "\\frac")
    var result = parts[0]
    for part in parts.dropFirst() {
      guard let first = part.first else { return nil }
      result += ScalarText(text: "\\frac")
      if first == "{" {
        result += part
      } else if part.count < 2 {
        return text
      } else if part[1] == "{" {
        result += ["{", first, "}"] + part.dropFirst()
      } else {
        result += ["{", first, "}", "{", part[1], "}"] + part.dropFirst(2)
      }
    }
    return result
  }

  /// `3/4` becomes `\frac{3}{4}`; the original rules fail on one slash between anything but whole numbers.
  private static func slashAsFraction(_ text: ScalarText) -> String? {
    let parts = text.split(on: "/")
    guard parts.count == 2 else { return text.string }
    guard parts.allSatisfy(isPythonInteger) else { return nil }
    let isCanonical = parts.allSatisfy { part in
      let digits = part.first == "-" ? part.dropFirst() : part[...]
      return digits.allSatisfy { ("0"..."9").contains($0) } && (digits.first != "0" || part.count == 1)
    }
    return isCanonical ? "\\frac{\(parts[0].string)}{\(parts[1].string)}" : text.string
  }

  /// Whether Python's `int` reads a text.
  private static func isPythonInteger(_ text: ScalarText) -> Bool {
    var digits = ScalarText(text: PythonText.strip(text.string))[...]
    if let sign = digits.first, sign == "+" || sign == "-" { digits.removeFirst() }
    guard digits.first != "_", digits.last != "_" else { return false }
    var previous: Unicode.Scalar = "0"
    for scalar in digits {
      guard scalar == "_" ? previous != "_" : scalar.properties.generalCategory == .decimalNumber else { return false }
      previous = scalar
    }
    return !digits.isEmpty
  }

  /// The rules of Minerva (arXiv:2206.14858, appendix D), as lm-evaluation-harness applies them: what follows the last
  /// equals sign, without units and words of measure, without boxes, text commands and dollar signs.
  /// A text too long for an answer stays as it is.
  static func final(_ text: String) -> String {
    guard text.utf8.count <= longest else { return text }
    var answer = ScalarText(text: text).split(on: "=").last?.string ?? ""
    for pattern in wordPatterns { answer = pattern.replacing(in: answer, with: "") }
    var scalars = ScalarText(text: answer)
    for (old, new) in substitutions { scalars = scalars.replacing(old, with: new) }
    for removal in removals {
      scalars = isWord(removal) ? removing(removal, outsideCommands: scalars) : scalars.replacing(removal)
    }
    answer = scalars.string
    for (pattern, template) in rewrites { answer = pattern.replacing(in: answer, with: template) }
    scalars = ScalarText(text: answer).replacing("$")
    if thousands?.isFound(in: scalars.string) == true { scalars = scalars.replacing(",") }
    return scalars.string
  }

  private static let longest = 2000

  private static let substitutions = [
    ("an ", ""), ("a ", ""), (".$", "$"), ("\\$", ""), ("\\ ", ""), (" ", ""), ("mbox", "text"),
    (",\\text{and}", ","), ("\\text{and}", ","), ("\\text{m}", "\\text{}"),
  ]

  private static let removals = [
    "square", "ways", "integers", "dollars", "mph", "inches", "ft", "hours", "km", "units", "\\ldots", "sue", "points",
    "feet", "minutes", "digits", "cents", "degrees", "cm", "gm", "pounds", "meters", "meals", "edges", "students",
    "childrentickets", "multiples", "\\text{s}", "\\text{.}", "\\text{\ns}", "\\text{}^2", "\\text{}^3", "\\text{\n}",
    "\\text{}", "\\mathrm{th}", "^\\circ", "^{\\circ}", "\\;", ",\\!", "{,}", "\"", "\\dots",
  ]

  private static let wordPatterns = removals.filter(isWord).compactMap { try? TextPattern("(?<!\\\\)\\b\($0)\\b") }

  private static let rewrites: [(TextPattern, String)] = [
    (#"(.*?)(\$)(.*?)(\$)(.*)"#, #"\$$3\$"#), (#"(\\text\{)(.*?)(\})"#, "$2"), (#"(\\textbf\{)(.*?)(\})"#, "$2"),
    (#"(\\overline\{)(.*?)(\})"#, "$2"), (#"(\\boxed\{)(.*)(\})"#, "$2"), (#"(frac)([^{])(.)"#, "frac{$2}{$3}"),
    (#"(sqrt)(\[[^\]]*\])(\w)"#, "$1$2{$3}"), (#"(sqrt)(?!\[)([^{])"#, "sqrt{$2}"),
  ].compactMap { pattern, template in (try? TextPattern(pattern)).map { ($0, template) } }

  private static let thousands = try? TextPattern(#"\A-?[0-9]{1,3}(,[0-9]{3})+\z"#)

  private static func isWord(_ text: String) -> Bool { text.utf8.allSatisfy { (0x61...0x7A).contains($0) } }

  /// Removes a word from everything but the names of commands, so that `\left` keeps its "ft".
  private static func removing(_ word: String, outsideCommands text: ScalarText) -> ScalarText {
    func isLetter(_ scalar: Unicode.Scalar) -> Bool {
      ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
    }
    var result: ScalarText = []
    var plain: ScalarText = []
    var index = 0
    while index < text.count {
      if text[index] == "\\", index + 1 < text.count, isLetter(text[index + 1]) {
        result += plain.replacing(word)
        plain = []
        let end = text[(index + 1)...].firstIndex { !isLetter($0) } ?? text.count
        result += text[index..<end]
        index = end
      } else {
        plain.append(text[index])
        index += 1
      }
    }
    return result + plain.replacing(word)
  }
}
