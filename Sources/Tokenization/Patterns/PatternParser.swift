/// Reads regular expressions in the syntax that `tokenizers` uses (Oniguruma's default, Ruby's), as far as published
/// tokenizers need it.
struct PatternParser {
  let scalars: [UInt32]
  var position = 0
  var depth = 0
  var flags = Flags()
  let text: String
  let dialect: Pattern.Dialect

  struct Flags {
    var ignoresCase = false
    var dotMatchesNewline = false
  }

  static let depthLimit = 60
  static let largestCount = 1000

  private init(_ text: String, _ dialect: Pattern.Dialect) {
    self.text = text
    self.dialect = dialect
    scalars = text.unicodeScalars.map(\.value)
  }

  static func parse(_ text: String, _ dialect: Pattern.Dialect) throws(PatternError) -> PatternNode {
    var parser = PatternParser(text, dialect)
    let node = try parser.alternatives()
    if parser.position < parser.scalars.count { throw parser.failure("a \")\" has no \"(\"") }
    return node
  }

  func failure(_ problem: String) -> PatternError {
    PatternError(pattern: text, problem: "\(problem) (at character \(position))")
  }

  var peek: UInt32? { position < scalars.count ? scalars[position] : nil }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == character.value else { return false }
    position += 1
    return true
  }

  func follows(_ string: String) -> Bool { scalars[position...].starts(with: string.unicodeScalars.map(\.value)) }

  mutating func take(string: String) -> Bool {
    guard follows(string) else { return false }
    position += string.unicodeScalars.count
    return true
  }

  // MARK: Structure

  mutating func alternatives() throws(PatternError) -> PatternNode {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else { throw failure("groups stand more than \(Self.depthLimit) deep") }
    let outer = flags
    defer { flags = outer }
    var branches = [try sequence()]
    while take("|") { branches.append(try sequence()) }
    return branches.count == 1 ? branches[0] : .alternatives(branches)
  }

  mutating func sequence() throws(PatternError) -> PatternNode {
    var parts: [PatternNode] = []
    while let next = peek, next != 0x7c, next != 0x29 {
      var part = try atom()
      while let repeated = try repetition(of: part) { part = repeated }
      if case .empty = part { continue }
      parts.append(part)
    }
    return parts.isEmpty ? .empty : parts.count == 1 ? parts[0] : .sequence(parts)
  }

  mutating func repetition(of part: PatternNode) throws(PatternError) -> PatternNode? {
    var minimum = 0
    var maximum: Int?
    var isCounted = false
    if take("*") {
    } else if take("+") {
      minimum = 1
    } else if take("?") {
      maximum = 1
    } else if peek == 0x7b, let counts = try takeCounts() {
      (minimum, maximum) = counts
      isCounted = true
    } else {
      return nil
    }
    var greed = PatternGreed.greedy
    if take("?") {
      greed = .lazy
    } else if !isCounted || dialect == .rust, take("+") {
      // After {…} Oniguruma reads + as a repetition of its own.
      greed = .possessive
    }
    if let maximum, maximum < minimum { throw failure("{\(minimum),\(maximum)} counts down") }
    return .loop(part, minimum: minimum, maximum: maximum, greed)
  }

  /// `{n}`, `{n,}`, `{,m}` or `{n,m}`; anything else after a brace is text.
  mutating func takeCounts() throws(PatternError) -> (Int, Int?)? {
    let start = position
    position += 1
    let low = try takeNumber()
    var high = low
    var hasComma = false
    if take(",") {
      hasComma = true
      high = try takeNumber()
    }
    guard take("}"), low != nil || (hasComma && high != nil) else {
      position = start
      return nil
    }
    return (low ?? 0, hasComma ? high : low)
  }

  mutating func takeNumber() throws(PatternError) -> Int? {
    var value: Int?
    while let digit = peek, digit >= 0x30, digit <= 0x39 {
      let next = (value ?? 0) * 10 + Int(digit - 0x30)
      guard next <= Self.largestCount else { throw failure("a count is above \(Self.largestCount)") }
      value = next
      position += 1
    }
    return value
  }

  mutating func atom() throws(PatternError) -> PatternNode {
    guard let next = peek else { return .empty }
    position += 1
    switch Unicode.Scalar(next) {
    case "(": return try group()
    case "[": return .set(try bracket())
    case ".": return .set(flags.dotMatchesNewline ? .all : .notNewline)
    case "^": return .border(dialect == .rust ? .textStart : .lineStart)
    case "$": return .border(dialect == .rust ? .textEnd : .lineEnd)
    case "\\": return try escape()
    case "*", "+", "?": throw failure("a repetition has nothing to repeat")
    default: return .set(literal(next))
    }
  }

  mutating func group() throws(PatternError) -> PatternNode {
    if take(string: "?:") { return try closed() }
    if take(string: "?=") { return .look(try closed(), isNegated: false) }
    if take(string: "?!") { return .look(try closed(), isNegated: true) }
    if take(string: "?>") { return .atomic(try closed()) }
    if follows("?<=") || follows("?<!") {
      let isNegated = follows("?<!")
      position += 3
      guard let set = Self.singleSet(try closed()) else {
        throw failure("looking behind is supported for one character")
      }
      return .lookBehind(set, isNegated: isNegated)
    }
    if take(string: "?<") || take(string: "?P<") {
      while let next = peek, next != 0x3e { position += next == 0x29 ? scalars.count : 1 }
      guard take(">") else { throw failure("the name of a group has no end") }
      return try closed()
    }
    if take("?") { return try flagged() }
    return try closed()
  }

  private static func singleSet(_ node: PatternNode) -> ScalarSet? {
    switch node {
    case .set(let set): return set
    case .alternatives(let branches):
      var items: [ScalarSet.Item] = []
      for branch in branches {
        guard let set = singleSet(branch) else { return nil }
        items.append(.set(set))
      }
      return ScalarSet(items)
    default: return nil
    }
  }

  mutating func closed() throws(PatternError) -> PatternNode {
    let node = try alternatives()
    guard take(")") else { throw failure("a \"(\" has no \")\"") }
    return node
  }

  /// `(?i)` for the rest of the group, or `(?i:…)`.
  mutating func flagged() throws(PatternError) -> PatternNode {
    var isOn = true
    let before = flags
    while let next = peek, next != 0x3a, next != 0x29 {
      position += 1
      switch Unicode.Scalar(next) {
      case "-": isOn = false
      case "i": flags.ignoresCase = isOn
      case "m" where dialect == .oniguruma, "s" where dialect == .rust: flags.dotMatchesNewline = isOn
      default: throw failure("the group option \"\(Unicode.Scalar(next).map(String.init) ?? "?")\" is not supported")
      }
    }
    if take(":") {
      let node = try closed()
      flags = before
      return node
    }
    guard take(")") else { throw failure("a \"(\" has no \")\"") }
    // The option holds up to the end of the enclosing group, alternatives included.
    return try alternatives()
  }
}
