/// How tokens become text again: what `decoder` of `tokenizer.json` says, as changes of single tokens and a trim of
/// all.
struct TokenDecoder: Sendable {
  /// A change of one token.
  enum Step: Sendable {
    case replace(Pattern, with: [UInt8])
    /// Marks are spaces; those of the first token go if the encoder put one there.
    case metaspace(replacement: UInt32, dropsFirst: Bool)
    /// `<0x41>` is the byte.
    case byteFallback
    /// Takes so many of a character off either end.
    case strip(content: [UInt8], start: Int, stop: Int)
    /// The end of a word is a space, but for the last word's.
    case wordSuffix([UInt8])
    /// Characters are the bytes that they stand for.
    case byteLevel
  }

  var steps: [Step] = []
  /// What goes from either end of the whole text.
  var trim: (content: [UInt8], start: Int, stop: Int)?
  /// Whether a space stands between tokens, as without a decoder.
  var joinsWithSpaces = false

  /// The tokens are the text's bytes.
  static let verbatim = TokenDecoder()

  /// Whether decoding is putting the vocabulary's bytes together.
  var isVerbatim: Bool { steps.isEmpty && trim == nil && !joinsWithSpaces }

  /// The bytes of one token.
  func render(_ token: ArraySlice<UInt8>, isFirst: Bool, _ matcher: inout PatternMatcher) -> ArraySlice<UInt8> {
    var text = token
    for step in steps {
      switch step {
      case .replace(let pattern, let content):
        let changed = text.withUnsafeBufferPointer { NormalizerStep.replaced($0, pattern, content, &matcher) }
        if let changed { text = changed[...] }
      case .metaspace(let replacement, let dropsFirst):
        var mark: [UInt8] = []
        mark.appendUTF8(replacement)
        text = Self.replacing(text, mark, with: isFirst && dropsFirst ? [] : [0x20])
      case .byteFallback: if let byte = Self.byte(of: text) { return [byte] }
      case .strip(let content, let start, let stop): text = Self.stripped(text, content, start, stop)
      case .wordSuffix(let suffix): text = Self.replacing(text, suffix, with: [0x20])
      case .byteLevel:
        var bytes: [UInt8] = []
        ByteAlphabet.appendBytes(ofText: text, to: &bytes)
        text = bytes[...]
      }
    }
    return text
  }

  /// The byte that `<0x41>` stands for.
  static func byte(of token: ArraySlice<UInt8>) -> UInt8? {
    guard token.count == 6, token.starts(with: "<0x".utf8), token.last == UInt8(ascii: ">") else { return nil }
    let digits = token.dropFirst(3).dropLast().compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    return digits.count == 2 ? UInt8(digits[0] << 4 | digits[1]) : nil
  }

  private static func stripped(
    _ text: ArraySlice<UInt8>, _ content: [UInt8], _ start: Int, _ stop: Int
  ) -> ArraySlice<UInt8> {
    var text = text
    for _ in 0..<start where text.starts(with: content) { text = text.dropFirst(content.count) }
    for _ in 0..<stop where text.suffix(content.count).elementsEqual(content) { text = text.dropLast(content.count) }
    return text
  }

  private static func replacing(
    _ text: ArraySlice<UInt8>, _ pattern: [UInt8], with content: [UInt8]
  ) -> ArraySlice<UInt8> {
    guard let first = pattern.first, text.contains(first) else { return text }
    var output: [UInt8] = []
    var place = text.startIndex
    while place < text.endIndex {
      if text[place] == first, text[place...].starts(with: pattern) {
        output.append(contentsOf: content)
        place += pattern.count
      } else {
        output.append(text[place])
        place += 1
      }
    }
    return output[...]
  }
}
