/// What a scalar does to the words around it: the property Word_Break of Unicode's annex 29, and two values of our own
/// for scalars that the annex has no rule for.
enum WordBreak: UInt8 {
  case other, carriageReturn, lineFeed, newline, extend, joiner, regionalIndicator, format, katakana, hebrewLetter
  case letter, singleQuote, doubleQuote, middleOfBoth, middleOfLetters, middleOfNumbers, numeric, extender, space
  case ideograph, hiragana

  /// Whether letters and numbers stick to it whatever is between them.
  var isLetter: Bool { self == .letter || self == .hebrewLetter }

  /// Whether it ends or begins a line.
  var isNewline: Bool { self == .carriageReturn || self == .lineFeed || self == .newline }

  /// Whether it belongs to what stands before it.
  var isIgnored: Bool { self == .extend || self == .format || self == .joiner }

  init(_ scalar: Unicode.Scalar) { self = WordBreak(rawValue: Self.table[Int(scalar.value)] & 0x1F) ?? .other }

  /// Whether the scalar may be a picture that a joiner glues to the one before.
  static func isPicture(_ scalar: Unicode.Scalar) -> Bool { table[Int(scalar.value)] & 0x20 != 0 }

  /// One byte for each code point, unpacked at first use.
  nonisolated(unsafe) private static let table = PackedNumbers.table(ofRuns: WordBreakRuns.base64)
}
