/// Reads regular expressions in the syntax that `tokenizers` uses (Oniguruma's default, Ruby's), as far as published
/// tokenizers need it.
struct PatternParser {
  private let scalars: [UInt32]
  private var position = 0
  private var depth = 0
  private var flags = Flags()
  private let text: String
  private let dialect: Pattern.Dialect

  private struct Flags {
    var ignoresCase = false
    var dotMatchesNewline = false
  }

  private static let depthLimit = 60
  private static let largestCount = 1000

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

  private func failure(_ problem: String) -> PatternError {
    PatternError(pattern: text, problem: "\(problem) (at character \(position))")
  }

  private var peek: UInt32? { position < scalars.count ? scalars[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == character.value else { return false }
    position += 1
    return true
  }

  private func follows(_ string: String) -> Bool { scalars[position...].starts(with: string.unicodeScalars.map(\.value)) }

  private mutating func take(string: String) -> Bool {
    guard follows(string) else { return false }
    position += string.unicodeScalars.count
    return true
  }

  // MARK: Structure

  private mutating func alternatives() throws(PatternError) -> PatternNode {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else { throw failure("groups stand more than \(Self.depthLimit) deep") }
    let outer = flags
    defer { flags = outer }
    var branches = [try sequence()]
    while take("|") { branches.append(try sequence()) }
    return branches.count == 1 ? branches[0] : .alternatives(branches)
  }

  private mutating func sequence() throws(PatternError) -> PatternNode {
    var parts: [PatternNode] = []
    while let next = peek, next != 0x7c, next != 0x29 {
      var part = try atom()
      while let repeated = try repetition(of: part) { part = repeated }
      if case .empty = part { continue }
      parts.append(part)
    }
    return parts.isEmpty ? .empty : parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func repetition(of part: PatternNode) throws(PatternError) -> PatternNode? {
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
  private mutating func takeCounts() throws(PatternError) -> (Int, Int?)? {
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

  private mutating func takeNumber() throws(PatternError) -> Int? {
    var value: Int?
    while let digit = peek, digit >= 0x30, digit <= 0x39 {
      let next = (value ?? 0) * 10 + Int(digit - 0x30)
      guard next <= Self.largestCount else { throw failure("a count is above \(Self.largestCount)") }
      value = next
      position += 1
    }
    return value
  }

  private mutating func atom() throws(PatternError) -> PatternNode {
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

  private mutating func group() throws(PatternError) -> PatternNode {
    if take(string: "?:") { return try closed() }
    if take(string: "?=") { return .look(try closed(), isNegated: false) }
    if take(string: "?!") { return .look(try closed(), isNegated: true) }
    if take(string: "?>") { return .atomic(try closed()) }
    if follows("?<=") || follows("?<!") {
      let isNegated = follows("?<!")
      position += 3
      guard let set = Self.singleSet(try closed()) else { throw failure("looking behind is supported for one character") }
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

  private mutating func closed() throws(PatternError) -> PatternNode {
    let node = try alternatives()
    guard take(")") else { throw failure("a \"(\" has no \")\"") }
    return node
  }

  /// `(?i)` for the rest of the group, or `(?i:…)`.
  private mutating func flagged() throws(PatternError) -> PatternNode {
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

  // MARK: Characters

  private func literal(_ scalar: UInt32) -> ScalarSet {
    flags.ignoresCase ? ScalarSet(CaseVariants.of(scalar).map { .range($0, $0) }) : ScalarSet(scalar)
  }

  private mutating func escape() throws(PatternError) -> PatternNode {
    guard let next = peek else { throw failure("the pattern ends with a backslash") }
    switch Unicode.Scalar(next) {
    case "b", "B", "A", "z", "Z":
      position += 1
      switch Unicode.Scalar(next) {
      case "b": return .border(.wordBorder)
      case "B": return .border(.noWordBorder)
      case "A": return .border(.textStart)
      case "z": return .border(.textEnd)
      default: return .border(.textEndOrLastNewline)
      }
    default:
      switch try escaped() {
      case .set(let set): return .set(set)
      case .scalar(let scalar): return .set(literal(scalar))
      }
    }
  }

  private enum Escaped {
    case set(ScalarSet)
    case scalar(UInt32)
  }

  /// What stands after a backslash, in a class or outside.
  private mutating func escaped() throws(PatternError) -> Escaped {
    guard let next = peek, let scalar = Unicode.Scalar(next) else { throw failure("the pattern ends with a backslash") }
    position += 1
    switch scalar {
    case "d": return .set(.digits)
    case "D": return .set(ScalarSet.digits.inverted)
    case "s": return .set(.whitespace)
    case "S": return .set(ScalarSet.whitespace.inverted)
    case "w": return .set(.word)
    case "W": return .set(ScalarSet.word.inverted)
    case "h" where dialect == .oniguruma: return .set(.hexadecimal)
    case "H" where dialect == .oniguruma: return .set(ScalarSet.hexadecimal.inverted)
    case "p", "P": return .set(try property(isNegated: scalar == "P"))
    case "n": return .scalar(0x0a)
    case "r": return .scalar(0x0d)
    case "t": return .scalar(0x09)
    case "f": return .scalar(0x0c)
    case "v": return .scalar(0x0b)
    case "a": return .scalar(0x07)
    case "e": return .scalar(0x1b)
    case "x": return .scalar(take("{") ? try hexadecimal(1...8, closing: true) : try hexadecimal(1...2))
    case "u": return .scalar(take("{") ? try hexadecimal(1...8, closing: true) : try hexadecimal(4...4))
    case "0": return .scalar(0)
    case "a"..."z", "A"..."Z", "1"..."9": throw failure("\\\(scalar) is not supported")
    default: return .scalar(next)
    }
  }

  private mutating func hexadecimal(_ digits: ClosedRange<Int>, closing: Bool = false) throws(PatternError) -> UInt32 {
    var value: UInt32 = 0
    var count = 0
    while count < digits.upperBound, let next = peek, let scalar = Unicode.Scalar(next),
      let digit = scalar.isASCII ? Character(scalar).hexDigitValue : nil
    {
      value = value << 4 | UInt32(digit)
      count += 1
      position += 1
    }
    guard count >= digits.lowerBound, !closing || take("}"), value <= 0x10ffff else {
      throw failure("a character's number is not one")
    }
    return value
  }

  private mutating func property(isNegated: Bool) throws(PatternError) -> ScalarSet {
    var name = ""
    var isNegated = isNegated
    if take("{") {
      if take("^") { isNegated.toggle() }
      while let next = peek, next != 0x7d, let scalar = Unicode.Scalar(next) {
        name.unicodeScalars.append(scalar)
        position += 1
      }
      guard take("}") else { throw failure("\\p{ has no }") }
    } else if let next = peek, let scalar = Unicode.Scalar(next), dialect == .rust {
      name.unicodeScalars.append(scalar)
      position += 1
    }
    guard let set = ScalarSet.property(name) else { throw failure("the property \"\(name)\" is not supported") }
    return isNegated ? set.inverted : set
  }

  // MARK: Classes

  /// A class after its opening bracket.
  private mutating func bracket() throws(PatternError) -> ScalarSet {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthLimit else { throw failure("classes stand more than \(Self.depthLimit) deep") }
    let isNegated = take("^")
    var items: [ScalarSet.Item] = []
    var limits: [ScalarSet] = []
    var isFirst = true
    while true {
      guard let next = peek else { throw failure("a \"[\" has no \"]\"") }
      if next == 0x5d, !isFirst {
        position += 1
        break
      }
      isFirst = false
      if take(string: "&&") {
        limits.append(ScalarSet(items))
        items = []
        continue
      }
      if take(string: "[:") {
        items.append(.set(try posixBracket()))
        continue
      }
      if take("[") {
        items.append(.set(try bracket()))
        continue
      }
      let low = try classMember()
      guard case .scalar(let first) = low else {
        if case .set(let set) = low { items.append(.set(set)) }
        continue
      }
      var last = first
      if peek == 0x2d, position + 1 < scalars.count, scalars[position + 1] != 0x5d {
        position += 1
        guard case .scalar(let end) = try classMember(), end >= first else { throw failure("a range in a class is none") }
        last = end
      }
      items.append(.range(first, last))
      if flags.ignoresCase {
        for scalar in first...min(last, first + 2000) {
          items.append(contentsOf: CaseVariants.of(scalar).filter { $0 != scalar }.map { .range($0, $0) })
        }
      }
    }
    if !limits.isEmpty {
      limits.append(ScalarSet(items))
      return ScalarSet([.set(.all)], limits: limits, isNegated: isNegated)
    }
    return ScalarSet(items, isNegated: isNegated)
  }

  private mutating func classMember() throws(PatternError) -> Escaped {
    guard let next = peek else { throw failure("a \"[\" has no \"]\"") }
    position += 1
    guard next == 0x5c else { return .scalar(next) }
    if take("b") { return .scalar(0x08) }
    return try escaped()
  }

  /// `[:name:]` after its first two characters.
  private mutating func posixBracket() throws(PatternError) -> ScalarSet {
    let isNegated = take("^")
    var name = ""
    while let next = peek, next != 0x3a, let scalar = Unicode.Scalar(next) {
      name.unicodeScalars.append(scalar)
      position += 1
    }
    guard take(string: ":]"), let set = ScalarSet.bracket(name) else {
      throw failure("the bracket [:\(name):] is not supported")
    }
    return isNegated ? set.inverted : set
  }
}
