/// Cuts text into words by the default rules of Unicode's annex 29 (WB1 to WB999).
///
/// The annex leaves Chinese and Japanese to dictionaries; here every Han character is a word, and so is every run of
/// kana. Other scripts without blanks (Thai, Lao, Khmer, Burmese) are cut at
/// every letter.
public struct WordSegmenter: Sendable {
  /// Creates a segmenter.
  public init() {}

  /// The pieces of a text, in order and without gaps: words, blanks, marks.
  /// - Parameter body: is given each piece's range of scalars and whether a letter or number stands in it.
  public func forEachPiece(of scalars: [Unicode.Scalar], _ body: (Range<Int>, Bool) throws -> Void) rethrows {
    guard !scalars.isEmpty else { return }
    let kinds = scalars.map { WordBreak($0) }
    var start = 0
    for index in 1...scalars.count where index == scalars.count || isBoundary(index, kinds, scalars) {
      let isWord = scalars[start..<index].contains { scalar in
        let properties = ScalarProperties(scalar)
        return properties.isLetter || properties.isNumber
      }
      try body(start..<index, isWord)
      start = index
    }
  }

  /// The words of a text: its pieces with a letter or a number.
  public func words(of text: String) -> [String] {
    let scalars = Array(text.unicodeScalars)
    var words: [String] = []
    forEachPiece(of: scalars) { range, isWord in
      guard isWord else { return }
      var word = String.UnicodeScalarView()
      word.append(contentsOf: scalars[range])
      words.append(String(word))
    }
    return words
  }

  /// Whether a word may end before the scalar at `index`.
  private func isBoundary(_ index: Int, _ kinds: [WordBreak], _ scalars: [Unicode.Scalar]) -> Bool {
    let (before, after) = (kinds[index - 1], kinds[index])
    if before == .carriageReturn, after == .lineFeed { return false }
    if before.isNewline || after.isNewline { return true }
    if before == .joiner, WordBreak.isPicture(scalars[index]) { return false }
    if before == .space, after == .space { return false }
    if after.isIgnored { return false }
    // From here on, what belongs to the scalar before it is passed over (WB4).
    let last = previous(index, kinds)
    guard let last else { return true }
    let left = kinds[last]
    switch (left, after) {
    case _ where left.isLetter && after.isLetter, (.numeric, .numeric), (.katakana, .katakana), (.hiragana, .hiragana),
      (.katakana, .hiragana), (.hiragana, .katakana):
      return false
    case _ where left.isLetter && after == .numeric || left == .numeric && after.isLetter: return false
    case (.hebrewLetter, .singleQuote): return false
    case (_, .extender) where left.isLetter || left == .numeric || left == .katakana || left == .extender: return false
    case (.extender, _) where after.isLetter || after == .numeric || after == .katakana: return false
    case (.regionalIndicator, .regionalIndicator): return !pairsUp(last, kinds)
    default: return !isMiddle(last, index, kinds)
    }
  }

  /// Whether a mark such as an apostrophe or a decimal point holds together what stands around it (WB6 to WB12).
  private func isMiddle(_ last: Int, _ index: Int, _ kinds: [WordBreak]) -> Bool {
    let (left, right) = (kinds[last], kinds[index])
    func joinsLetters(_ mark: WordBreak) -> Bool {
      mark == .middleOfLetters || mark == .middleOfBoth || mark == .singleQuote
    }
    func joinsNumbers(_ mark: WordBreak) -> Bool {
      mark == .middleOfNumbers || mark == .middleOfBoth || mark == .singleQuote
    }
    if left.isLetter || left == .numeric {
      // The mark stands after the cut; what follows it decides.
      guard let next = following(index, kinds).map({ kinds[$0] }) else { return false }
      if left.isLetter, joinsLetters(right) { return next.isLetter }
      if left == .hebrewLetter, right == .doubleQuote { return next == .hebrewLetter }
      return left == .numeric && joinsNumbers(right) && next == .numeric
    }
    guard let earlier = previous(last, kinds).map({ kinds[$0] }) else { return false }
    if right.isLetter, joinsLetters(left), earlier.isLetter { return true }
    if right == .hebrewLetter, left == .doubleQuote { return earlier == .hebrewLetter }
    return right == .numeric && joinsNumbers(left) && earlier == .numeric
  }

  /// The scalar before `index` that is not passed over; at the beginning of a line all count as themselves.
  private func previous(_ index: Int, _ kinds: [WordBreak]) -> Int? {
    var place = index - 1
    while place > 0, kinds[place].isIgnored, !kinds[place - 1].isNewline { place -= 1 }
    return place >= 0 ? place : nil
  }

  private func following(_ index: Int, _ kinds: [WordBreak]) -> Int? {
    var place = index + 1
    while place < kinds.count, kinds[place].isIgnored { place += 1 }
    return place < kinds.count ? place : nil
  }

  /// Whether an odd number of regional indicators ends at `last`, so that the next one makes a flag with it.
  private func pairsUp(_ last: Int, _ kinds: [WordBreak]) -> Bool {
    var count = 0
    var place: Int? = last
    while let current = place, kinds[current] == .regionalIndicator {
      count += 1
      place = previous(current, kinds)
    }
    return count % 2 == 1
  }
}
