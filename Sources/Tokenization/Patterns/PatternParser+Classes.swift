/// Characters, escapes and classes of characters.
extension PatternParser {
  func literal(_ scalar: UInt32) -> ScalarSet {
    flags.ignoresCase ? ScalarSet(CaseVariants.of(scalar).map { .range($0, $0) }) : ScalarSet(scalar)
  }

  mutating func escape() throws(PatternError) -> PatternNode {
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

  enum Escaped {
    case set(ScalarSet)
    case scalar(UInt32)
  }

  /// What stands after a backslash, in a class or outside.
  mutating func escaped() throws(PatternError) -> Escaped {
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

  mutating func hexadecimal(_ digits: ClosedRange<Int>, closing: Bool = false) throws(PatternError) -> UInt32 {
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

  mutating func property(isNegated: Bool) throws(PatternError) -> ScalarSet {
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

  /// A class after its opening bracket.
  mutating func bracket() throws(PatternError) -> ScalarSet {
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
        guard case .scalar(let end) = try classMember(), end >= first else {
          throw failure("a range in a class is none")
        }
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

  mutating func classMember() throws(PatternError) -> Escaped {
    guard let next = peek else { throw failure("a \"[\" has no \"]\"") }
    position += 1
    guard next == 0x5c else { return .scalar(next) }
    if take("b") { return .scalar(0x08) }
    return try escaped()
  }

  /// `[:name:]` after its first two characters.
  mutating func posixBracket() throws(PatternError) -> ScalarSet {
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
