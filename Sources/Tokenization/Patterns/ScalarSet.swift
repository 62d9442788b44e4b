/// A set of scalars, as a class of a pattern describes it: `[^\s\p{L}0-9]`.
struct ScalarSet: Sendable {
  /// A general category, white space, a script, a range, or another set.
  enum Item: Sendable {
    case categories(UInt32)
    case whitespace
    case script(UInt8)
    case range(UInt32, UInt32)
    case set(ScalarSet)
  }

  /// Which ASCII scalars belong to it.
  private(set) var ascii: (low: UInt64, high: UInt64) = (0, 0)
  private let categories: UInt32
  private let hasWhitespace: Bool
  private let scripts: [UInt8]
  /// Ranges above ASCII.
  private let ranges: [(UInt32, UInt32)]
  private let subsets: [ScalarSet]
  /// Only what all of these have too belongs to it.
  private let limits: [ScalarSet]
  private let isNegated: Bool

  init(_ items: [Item], limits: [ScalarSet] = [], isNegated: Bool = false) {
    var categories: UInt32 = 0
    var hasWhitespace = false
    var scripts: [UInt8] = []
    var ranges: [(UInt32, UInt32)] = []
    var subsets: [ScalarSet] = []
    for item in items {
      switch item {
      case .categories(let mask): categories |= mask
      case .whitespace: hasWhitespace = true
      case .script(let number): scripts.append(number)
      case .range(let low, let high): ranges.append((low, high))
      case .set(let set): subsets.append(set)
      }
    }
    self.categories = categories
    self.hasWhitespace = hasWhitespace
    self.scripts = scripts
    self.ranges = ranges
    self.subsets = subsets
    self.limits = limits
    self.isNegated = isNegated
    for scalar in UInt32(0)..<128 where evaluate(scalar, ScalarProperties.table) {
      if scalar < 64 { ascii.low |= 1 << UInt64(scalar) } else { ascii.high |= 1 << UInt64(scalar - 64) }
    }
  }

  /// The set of one scalar.
  init(_ scalar: UInt32) { self.init([.range(scalar, scalar)]) }

  /// All others.
  var inverted: ScalarSet { ScalarSet([.set(self)], isNegated: true) }

  @inline(__always)
  func containsASCII(_ byte: UInt8) -> Bool {
    (byte < 64 ? ascii.low >> UInt64(byte) : ascii.high >> UInt64(byte & 63)) & 1 != 0
  }

  /// Whether a scalar above ASCII, or `ByteScanner.noScalar`, belongs to it.
  func containsOther(_ scalar: UInt32) -> Bool { evaluate(scalar, ScalarProperties.table) }

  private func evaluate(_ scalar: UInt32, _ table: UnsafePointer<UInt8>) -> Bool {
    var found = false
    let isScalar = scalar != ByteScanner.noScalar
    let properties = isScalar ? table[Int(scalar)] : ScalarProperties.illFormed.rawValue
    if categories >> UInt32(properties & 0x1f) & 1 != 0 { found = true }
    if !found, hasWhitespace, properties & 0x20 != 0 { found = true }
    if !found, isScalar {
      for range in ranges where scalar >= range.0 && scalar <= range.1 {
        found = true
        break
      }
      if !found, !scripts.isEmpty { found = scripts.contains(ScalarTables.scripts[Int(scalar)]) }
    }
    if !found, !subsets.isEmpty { found = subsets.contains { $0.evaluate(scalar, table) } }
    if found, !limits.isEmpty { found = limits.allSatisfy { $0.evaluate(scalar, table) } }
    return found != isNegated
  }
}

extension ScalarSet {
  private static func mask(_ categories: [GeneralCategory]) -> UInt32 {
    categories.reduce(0) { $0 | 1 << UInt32($1.rawValue) }
  }

  private static let groups: [String: UInt32] = {
    let names = [
      "lu", "ll", "lt", "lm", "lo", "mn", "mc", "me", "nd", "nl", "no", "pc", "pd", "ps", "pe", "pi", "pf", "po", "sm",
      "sc", "sk", "so", "zs", "zl", "zp", "cc", "cf", "cn", "co", "cs",
    ]
    var groups: [String: UInt32] = [:]
    for (index, name) in names.enumerated() {
      groups[name] = 1 << UInt32(index)
      groups[String(name.prefix(1)), default: 0] |= 1 << UInt32(index)
    }
    groups["lc"] = mask([.uppercaseLetter, .lowercaseLetter, .titlecaseLetter])
    let long = [
      ("letter", "l"), ("uppercaseletter", "lu"), ("lowercaseletter", "ll"), ("titlecaseletter", "lt"),
      ("modifierletter", "lm"), ("otherletter", "lo"), ("mark", "m"), ("nonspacingmark", "mn"), ("spacingmark", "mc"),
      ("enclosingmark", "me"), ("number", "n"), ("decimalnumber", "nd"), ("letternumber", "nl"), ("othernumber", "no"),
      ("punctuation", "p"), ("connectorpunctuation", "pc"), ("dashpunctuation", "pd"), ("openpunctuation", "ps"),
      ("closepunctuation", "pe"), ("initialpunctuation", "pi"), ("finalpunctuation", "pf"), ("otherpunctuation", "po"),
      ("symbol", "s"), ("mathsymbol", "sm"), ("currencysymbol", "sc"), ("modifiersymbol", "sk"), ("othersymbol", "so"),
      ("separator", "z"), ("spaceseparator", "zs"), ("lineseparator", "zl"), ("paragraphseparator", "zp"),
      ("other", "c"), ("control", "cc"), ("format", "cf"), ("unassigned", "cn"), ("privateuse", "co"),
    ]
    for (name, short) in long { groups[name] = groups[short] }
    return groups
  }()

  /// `\d`
  static let digits = ScalarSet([.categories(mask([.decimalNumber]))])
  /// `\s`
  static let whitespace = ScalarSet([.whitespace])
  /// `\w` as Oniguruma has it: letters also in circles and squares, marks, numbers and connecting punctuation.
  static let word = ScalarSet([
    .categories(
      (groups["l"] ?? 0) | (groups["m"] ?? 0) | mask([.decimalNumber, .letterNumber, .connectorPunctuation])),
    .range(0x24b6, 0x24e9), .range(0x1f130, 0x1f149), .range(0x1f150, 0x1f169), .range(0x1f170, 0x1f189),
  ])
  /// `\h`
  static let hexadecimal = ScalarSet([.range(0x30, 0x39), .range(0x41, 0x46), .range(0x61, 0x66)])
  /// Everything but `\n`, as `.` means.
  static let notNewline = ScalarSet(0x0a).inverted
  /// Everything.
  static let all = ScalarSet([], isNegated: true)

  /// The set of a property: a general category, a script, or one of a few others.
  static func property(_ name: String) -> ScalarSet? {
    let loose = ScalarTables.looseName(name)
    if let mask = groups[loose] { return ScalarSet([.categories(mask)]) }
    if let script = ScalarTables.script(named: name) { return ScalarSet([.script(script)]) }
    switch loose {
    case "any": return all
    case "digit": return digits
    case "space", "whitespace": return whitespace
    case "word": return word
    case "punct": return property("P")
    default: return nil
    }
  }

  /// The set of a bracket such as `[:punct:]`, as far as it means the same everywhere.
  static func bracket(_ name: String) -> ScalarSet? {
    switch name {
    case "digit": digits
    case "space": whitespace
    case "word": word
    case "punct": ScalarSet([.categories((groups["p"] ?? 0) | (groups["s"] ?? 0))])
    case "cntrl": property("Cc")
    case "xdigit": hexadecimal
    case "ascii": asciiOnly
    case "blank": ScalarSet([.categories(groups["zs"] ?? 0), .range(0x09, 0x09)])
    default: nil
    }
  }

  private static let asciiOnly = ScalarSet([.range(0, 0x7f)])
}
