import Foundation

/// Whether two answers in one spelling mean the same.
enum MathEquality {
  /// What can be said.
  enum Verdict: Sendable, Equatable {
    case equal
    case different
    /// They differ as texts, and at least one is no formula that `MathExpression` reads.
    case undecided
  }

  /// Compares texts, then the values of formulas: at four fixed places for those with variables, where formulas that
  /// are equal everywhere agree and others hardly can.
  static func compare(_ a: String, _ b: String) -> Verdict {
    if a == b { return .equal }
    guard let first = MathExpression(a), let second = MathExpression(b) else { return .undecided }
    guard first.variables == second.variables else { return .different }
    var isSeen = false
    for place in 0..<4 {
      var values: [Unicode.Scalar: Double] = [:]
      for (i, name) in first.variables.sorted().enumerated() {
        values[name] = 0.37 + 0.61 * Double(place) + 0.173 * Double(i + 1) * Double(place + 2)
      }
      let (x, y) = (first.value(values), second.value(values))
      guard x.isFinite, y.isFinite else { continue }
      isSeen = true
      if abs(x - y) > 1e-9 * max(1, abs(x), abs(y)) { return .different }
      if values.isEmpty { break }
    }
    return isSeen ? .equal : .undecided
  }

  /// Compares answers that may be lists in brackets, element by element.
  static func compareLists(_ a: String, _ b: String) -> Verdict {
    guard let first = elements(a), let second = elements(b) else { return compare(a, b) }
    guard first.count == second.count, a.first == b.first, a.last == b.last else { return .different }
    var verdict = Verdict.equal
    for (x, y) in zip(first, second) {
      switch compare(x, y) {
      case .equal: continue
      case .different: return .different
      case .undecided: verdict = .undecided
      }
    }
    return verdict
  }

  /// Whether two numbers agree when rounded to some digits after the point.
  static func isSame(_ a: Double, _ b: Double, digits: Int) -> Bool {
    let scale = pow(10, Double(digits))
    return a == b || (a * scale).rounded() == (b * scale).rounded() && (a * scale).rounded().isFinite
  }

  /// The parts of `(1, 2)` between commas outside of inner brackets; nil where there are none.
  private static func elements(_ text: String) -> [String]? {
    let scalars = ScalarText(text: text)
    guard let first = scalars.first, let last = scalars.last, "([".unicodeScalars.contains(first),
      ")]".unicodeScalars.contains(last)
    else { return nil }
    var depth = 0
    var parts: [ScalarText] = [[]]
    for scalar in scalars.dropFirst().dropLast() {
      if "([{".unicodeScalars.contains(scalar) { depth += 1 }
      if ")]}".unicodeScalars.contains(scalar) { depth -= 1 }
      if scalar == ",", depth == 0 { parts.append([]) } else { parts[parts.count - 1].append(scalar) }
    }
    return parts.count > 1 ? parts.map(\.string) : nil
  }
}
