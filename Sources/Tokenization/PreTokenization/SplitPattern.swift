/// A regular expression that cuts text into words, written out as a scanner.
///
/// Every position of a text is covered: a pattern always matches at least one symbol.
protocol SplitPattern {
  /// Where the word that starts at `start` (a position before the scanner's end) ends.
  static func wordEnd(_ scanner: ByteScanner, _ start: Int) -> Int
}
