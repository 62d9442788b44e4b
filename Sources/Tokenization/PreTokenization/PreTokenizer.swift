/// How text is cut into words before byte pairs are merged; merges never cross a word's border.
public struct PreTokenizer: Hashable, Sendable {
  /// The regular expression that finds words.
  public enum Pattern: Hashable, Sendable, CaseIterable {
    /// GPT-2's: words with one leading space, runs of numbers, runs of other symbols, lower-case contractions.
    case gpt2
    /// Llama 3's and GPT-4's: numbers in groups of at most three, line ends kept with the symbols before them.
    case llama3
    /// Qwen2's: Llama 3's with each number a word of its own.
    case qwen2
    /// Qwen 3.5's: Qwen2's with marks counted as letters.
    case qwen35
    /// GPT-4o's and Llama 4's: words end before a capital that follows a small letter.
    case o200k
    /// Mistral's Tekken: GPT-4o's with each digit a word, and contractions apart.
    case tekken
    /// None: all of the text is one word.
    case none
  }

  /// What is cut out before the pattern is applied to each piece: the pre-tokenizer `Digits` of `tokenizers`.
  public enum DigitSplitting: Hashable, Sendable, CaseIterable {
    /// Nothing.
    case none
    /// Each number is a word (`individual_digits: true`).
    case individual
    /// Each run of numbers is a piece.
    case runs
  }

  /// The pattern.
  public var pattern: Pattern
  /// What happens to digits before the pattern.
  public var digits: DigitSplitting

  /// A pre-tokenizer from its two parts.
  public init(pattern: Pattern, digits: DigitSplitting = .none) {
    self.pattern = pattern
    self.digits = digits
  }

  /// GPT-2's.
  public static let gpt2 = PreTokenizer(pattern: .gpt2)
  /// Llama 3's.
  public static let llama3 = PreTokenizer(pattern: .llama3)
  /// Qwen2's.
  public static let qwen2 = PreTokenizer(pattern: .qwen2)
  /// Qwen 3.5's.
  public static let qwen35 = PreTokenizer(pattern: .qwen35)
  /// GPT-4o's.
  public static let o200k = PreTokenizer(pattern: .o200k)
  /// Mistral's Tekken.
  public static let tekken = PreTokenizer(pattern: .tekken)
  /// SmolLM2's: each digit a word, the rest by GPT-2's pattern.
  public static let smolLM2 = PreTokenizer(pattern: .gpt2, digits: .individual)

  /// The ends of the words of some bytes, in order: word *i* is the bytes from end *i* − 1 (or 0) to end *i*.
  public func wordEnds(_ bytes: UnsafeBufferPointer<UInt8>) -> [Int] {
    var ends: [Int] = []
    forEachWord(in: bytes) { ends.append($0.upperBound) }
    return ends
  }

  /// Calls a function with the range of each word in order.
  @inline(__always)
  func forEachWord(in bytes: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void) {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
    let scanner = ByteScanner(bytes: base, end: bytes.count)
    switch pattern {
    case .gpt2: split(scanner, by: GPT2Pattern.self, body)
    case .llama3: split(scanner, by: Llama3Pattern<DigitTriples>.self, body)
    case .qwen2: split(scanner, by: Llama3Pattern<SingleDigits>.self, body)
    case .qwen35: split(scanner, by: Qwen35Pattern.self, body)
    case .o200k: split(scanner, by: O200kPattern<O200kWords>.self, body)
    case .tekken: split(scanner, by: O200kPattern<TekkenWords>.self, body)
    case .none: split(scanner, by: WholeText.self, body)
    }
  }

  @inline(__always)
  private func split<P: SplitPattern>(_ scanner: ByteScanner, by: P.Type, _ body: (Range<Int>) -> Void) {
    var start = 0
    guard digits != .none else {
      while start < scanner.end {
        let end = P.wordEnd(scanner, start)
        body(start..<end)
        start = end
      }
      return
    }
    while start < scanner.end {
      let piece = scanner.ending(at: digitPieceEnd(scanner, start))
      while start < piece.end {
        let end = P.wordEnd(piece, start)
        body(start..<end)
        start = end
      }
    }
  }

  /// The end of the piece that `Digits` makes from a position on.
  private func digitPieceEnd(_ scanner: ByteScanner, _ start: Int) -> Int {
    let (first, width) = scanner.symbol(at: start)
    var end = start + width
    if first.isNumeric, digits == .individual { return end }
    while end < scanner.end {
      let (properties, width) = scanner.symbol(at: end)
      if properties.isNumeric != first.isNumeric { break }
      end += width
    }
    return end
  }
}

/// No pattern: one word.
private enum WholeText: SplitPattern {
  @inline(__always)
  static func wordEnd(_ scanner: ByteScanner, _ start: Int) -> Int { scanner.end }
}
