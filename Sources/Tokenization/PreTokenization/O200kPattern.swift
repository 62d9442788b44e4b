/// What tells the patterns apart that cut words where small letters are followed by capitals.
protocol CasedWords {
  /// Digits in one word at most.
  static var longestGroup: Int { get }
  /// Whether `(?i:'s|'t|'re|'ve|'m|'ll|'d)?` belongs to the end of a word.
  static var takesContractions: Bool { get }
}

/// GPT-4o's and Llama 4's.
enum O200kWords: CasedWords {
  static var longestGroup: Int { 3 }
  static var takesContractions: Bool { true }
}

/// Mistral's.
enum TekkenWords: CasedWords {
  static var longestGroup: Int { 1 }
  static var takesContractions: Bool { false }
}

/// `o200k_base`, and Mistral's Tekken, which has single digits and no contractions:
/// `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|…)?` and the same with the first
/// run required and the second not, then `\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
enum O200kPattern<Words: CasedWords>: SplitPattern {
  /// The expression as files spell it.
  static var expression: String {
    let lead = #"[^\r\n\p{L}\p{N}]?"#
    let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
    let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
    let tail = Words.takesContractions ? "(?i:'s|'t|'re|'ve|'m|'ll|'d)?" : ""
    return "\(lead)\(upper)*\(lower)+\(tail)|\(lead)\(upper)+\(lower)*\(tail)|"
      + #"\p{N}"# + (Words.longestGroup == 1 ? "" : "{1,\(Words.longestGroup)}")
      + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  @inline(__always)
  static func wordEnd(_ scanner: ByteScanner, _ start: Int) -> Int {
    let byte = scanner.bytes[start]
    let (properties, width) = scanner.symbol(at: start)
    let next = start + width
    if properties.isMark {
      // A mark may lead a word, or be one: both readings of the first alternative come before the second alternative.
      let led = next < scanner.end ? casedWord(scanner, next, mayEndInCapitals: false) : nil
      return contractionEnd(scanner, led ?? casedWord(scanner, start, mayEndInCapitals: false) ?? next)
    }
    if properties.isLetter { return contractionEnd(scanner, casedWord(scanner, start, mayEndInCapitals: true) ?? next) }
    if !properties.isNumber, byte != 0x0a, byte != 0x0d, next < scanner.end,
      let end = casedWord(scanner, next, mayEndInCapitals: true)
    {
      return contractionEnd(scanner, end)
    }
    if properties.isNumber { return scanner.skipNumbers(from: next, limit: Words.longestGroup - 1) }
    if byte == 0x20, next < scanner.end, case let (following, width) = scanner.symbol(at: next), following.isOther {
      return skipLineEnds(scanner, scanner.skipOthers(from: next + width))
    }
    if !properties.isWhitespace { return skipLineEnds(scanner, scanner.skipOthers(from: next)) }
    let run = scanner.whitespaceRun(from: start)
    return run.newlineEnd ?? run.endLeavingLast(start: start, textEnd: scanner.end)
  }

  /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`, else if allowed the first run alone.
  @inline(__always)
  private static func casedWord(_ scanner: ByteScanner, _ start: Int, mayEndInCapitals: Bool) -> Int? {
    var place = start
    // Where the run of capitals may give back to: the end of the last symbol that is of both kinds.
    var lastShared: Int?
    while place < scanner.end {
      let (properties, width) = scanner.symbol(at: place)
      let isBoth = isShared(properties)
      guard isBoth || isCapital(properties) else { break }
      place += width
      if isBoth { lastShared = place }
    }
    let capitals = place
    var end = place
    while end < scanner.end {
      let (properties, width) = scanner.symbol(at: end)
      guard isShared(properties) || properties.category == .lowercaseLetter else { break }
      end += width
    }
    if end > capitals { return end }
    // No small letter follows: the last symbol of both kinds is the second run, and what follows it is not taken.
    if let lastShared { return lastShared }
    return mayEndInCapitals && capitals > start ? capitals : nil
  }

  /// `[\p{Lm}\p{Lo}\p{M}]`
  @inline(__always)
  private static func isShared(_ properties: ScalarProperties) -> Bool {
    let category = properties.rawValue & 0x1f
    return category >= GeneralCategory.modifierLetter.rawValue && category <= GeneralCategory.enclosingMark.rawValue
  }

  /// `[\p{Lu}\p{Lt}]`
  @inline(__always)
  private static func isCapital(_ properties: ScalarProperties) -> Bool {
    let category = properties.rawValue & 0x1f
    return category == GeneralCategory.uppercaseLetter.rawValue || category == GeneralCategory.titlecaseLetter.rawValue
  }

  @inline(__always)
  private static func contractionEnd(_ scanner: ByteScanner, _ end: Int) -> Int {
    guard Words.takesContractions, end < scanner.end, scanner.bytes[end] == 0x27 else { return end }
    return Contraction.end(scanner, end) ?? end
  }

  /// End of `[\r\n/]*`.
  @inline(__always)
  private static func skipLineEnds(_ scanner: ByteScanner, _ start: Int) -> Int {
    var place = start
    while place < scanner.end, case let byte = scanner.bytes[place], byte == 0x0a || byte == 0x0d || byte == 0x2f {
      place += 1
    }
    return place
  }
}
