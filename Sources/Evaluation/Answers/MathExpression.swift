import Foundation

/// Formulas of numbers and single-letter variables in LaTeX or plain text: + − · / ^, fractions, roots, π, brackets.
///
/// A product without a sign binds more tightly than a division, as in `1/2x`; everything else is as usual.
struct MathExpression {
  private indirect enum Node {
    case number(Double)
    case variable(Unicode.Scalar)
    case sum(Node, Node)
    case product(Node, Node)
    case quotient(Node, Node)
    case power(Node, Node)
    case negative(Node)
  }

  /// Bytes of a formula at most, so that evaluating it needs little stack.
  private static let longest = 1000

  private let root: Node
  /// The variables that occur.
  private(set) var variables: Set<Unicode.Scalar> = []

  /// The value of a formula without variables; nil for anything else.
  static func constant(_ text: String) -> Double? {
    guard let formula = MathExpression(text), formula.variables.isEmpty else { return nil }
    let value = formula.value([:])
    return value.isFinite ? value : nil
  }

  /// Reads a formula; nil where it is none of this kind.
  init?(_ text: String) {
    guard text.utf8.count <= Self.longest else { return nil }
    var parser = Parser(text: ScalarText(text: text))
    guard let root = parser.sum(depth: 0), parser.isAtEnd else { return nil }
    self.root = root
    variables = parser.variables
  }

  /// The value for some values of the variables; not a number where it has none.
  func value(_ values: [Unicode.Scalar: Double]) -> Double { Self.value(root, values) }

  private static func value(_ node: Node, _ values: [Unicode.Scalar: Double]) -> Double {
    switch node {
    case .number(let number): number
    case .variable(let name): values[name] ?? .nan
    case .sum(let a, let b): value(a, values) + value(b, values)
    case .product(let a, let b): value(a, values) * value(b, values)
    case .quotient(let a, let b): value(a, values) / value(b, values)
    case .power(let a, let b): pow(value(a, values), value(b, values))
    case .negative(let a): -value(a, values)
    }
  }

  private struct Parser {
    let text: ScalarText
    var index = 0
    var variables: Set<Unicode.Scalar> = []

    /// Brackets within brackets; a formula beyond it is none.
    static let deepest = 64

    init(text: ScalarText) { self.text = text }

    var isAtEnd: Bool {
      mutating get {
        skipSpace()
        return index == text.count
      }
    }

    mutating func sum(depth: Int) -> Node? {
      guard depth < Self.deepest, var left = product(depth) else { return nil }
      while true {
        if take("+") {
          guard let right = product(depth) else { return nil }
          left = .sum(left, right)
        } else if take("-") || take("−") {
          guard let right = product(depth) else { return nil }
          left = .sum(left, .negative(right))
        } else {
          return left
        }
      }
    }

    private mutating func product(_ depth: Int) -> Node? {
      guard var left = signed(depth) else { return nil }
      while true {
        if take("*") || take("×") || take("·") || take("\\cdot") || take("\\times") {
          guard let right = signed(depth) else { return nil }
          left = .product(left, right)
        } else if take("/") || take("÷") || take("\\div") {
          guard let right = signed(depth) else { return nil }
          left = .quotient(left, right)
        } else {
          return left
        }
      }
    }

    private mutating func signed(_ depth: Int) -> Node? {
      var isNegative = false
      while true {
        if take("-") || take("−") {
          isNegative.toggle()
        } else if !take("+") {
          break
        }
      }
      guard var node = power(depth) else { return nil }
      // What follows without a sign is a factor; what begins as one and is none breaks the formula.
      while !isAtEnd {
        let start = index
        guard let factor = power(depth) else {
          if index > start { return nil }
          break
        }
        node = .product(node, factor)
      }
      return isNegative ? .negative(node) : node
    }

    private mutating func power(_ depth: Int) -> Node? {
      guard let base = atom(depth) else { return nil }
      guard take("^") || take("**") else { return base }
      if take("-") { return atom(depth).map { .power(base, .negative($0)) } }
      return atom(depth).map { .power(base, $0) }
    }

    private mutating func atom(_ depth: Int) -> Node? {
      skipSpace()
      guard index < text.count else { return nil }
      let scalar = text[index]
      if isDigit(scalar) || scalar == "." { return number() }
      if take("\\frac") || take("\\dfrac") || take("\\tfrac") {
        guard let above = group(depth), let below = group(depth) else { return nil }
        return .quotient(above, below)
      }
      if take("\\sqrt") {
        var degree = Node.number(2)
        if take("[") {
          guard let given = sum(depth: depth + 1), take("]") else { return nil }
          degree = given
        }
        return group(depth).map { .power($0, .quotient(.number(1), degree)) }
      }
      if take("\\pi") || take("π") { return .number(.pi) }
      for (open, close) in [("(", ")"), ("{", "}"), ("[", "]")] where take(open) {
        guard let inner = sum(depth: depth + 1), take(close) else { return nil }
        return inner
      }
      guard ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) else { return nil }
      index += 1
      variables.insert(scalar)
      return .variable(scalar)
    }

    /// `{…}`.
    private mutating func group(_ depth: Int) -> Node? {
      guard take("{"), let inner = sum(depth: depth + 1), take("}") else { return nil }
      return inner
    }

    private mutating func number() -> Node? {
      var digits = ""
      while index < text.count, isDigit(text[index]) || text[index] == "." {
        digits.unicodeScalars.append(text[index])
        index += 1
      }
      if digits == "." { return nil }
      if digits.first == "." { digits = "0" + digits }
      if digits.last == "." { digits += "0" }
      return Double(digits).map { .number($0) }
    }

    private func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    /// Steps over spaces and what only sets the size of brackets.
    private mutating func skipSpace() {
      while index < text.count {
        if PythonText.isSpace(text[index]) {
          index += 1
        } else if let command = ["\\left", "\\right", "\\!", "\\,"].first(where: { stands($0) }) {
          index += command.unicodeScalars.count
        } else {
          return
        }
      }
    }

    private func stands(_ part: String) -> Bool {
      text[index...].starts(with: part.unicodeScalars)
    }

    private mutating func take(_ part: String) -> Bool {
      skipSpace()
      guard stands(part) else { return false }
      index += part.unicodeScalars.count
      return true
    }
  }
}
