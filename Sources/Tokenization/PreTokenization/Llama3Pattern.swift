/// How many numbers `\p{N}{1,…}` takes in one word.
protocol DigitGrouping {
  static var longestGroup: Int { get }
}

/// Up to three digits in a word, as Llama 3 and GPT-4 have it.
enum DigitTriples: DigitGrouping {
  static var longestGroup: Int { 3 }
}

/// Each digit a word, as Qwen2 has it.
enum SingleDigits: DigitGrouping {
  static var longestGroup: Int { 1 }
}

/// Llama 3's pattern, and Qwen2's, which differs only in `\p{N}` for `\p{N}{1,3}`:
/// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
enum Llama3Pattern<Digits: DigitGrouping>: SplitPattern {
  /// The expression as files spell it.
  static var expression: String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + (Digits.longestGroup == 1 ? "" : "{1,3}")
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  @inline(__always)
  static func wordEnd(_ scanner: ByteScanner, _ start: Int) -> Int {
    let byte = scanner.bytes[start]
    if byte == 0x27, let end = Contraction.end(scanner, start) { return end }

    let (properties, width) = scanner.symbol(at: start)
    let next = start + width
    if properties.isLetter { return scanner.skipLetters(from: next) }
    if properties.isNumber { return scanner.skipNumbers(from: next, limit: Digits.longestGroup - 1) }

    // Here the symbol is white space or other: it may lead a word of letters, unless it ends a line.
    if byte != 0x0a, byte != 0x0d, next < scanner.end {
      let (following, followingWidth) = scanner.symbol(at: next)
      if following.isLetter { return scanner.skipLetters(from: next + followingWidth) }
      if byte == 0x20, following.isOther {
        return scanner.skipNewlines(from: scanner.skipOthers(from: next + followingWidth))
      }
    }
    if !properties.isWhitespace { return scanner.skipNewlines(from: scanner.skipOthers(from: next)) }

    let run = scanner.whitespaceRun(from: start)
    return run.newlineEnd ?? run.endLeavingLast(start: start, textEnd: scanner.end)
  }
}
