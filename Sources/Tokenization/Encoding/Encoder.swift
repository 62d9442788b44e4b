/// Encodes texts one after another on one thread, remembering the words it has seen.
///
/// `Tokenizer.encode` keeps a few of these by itself; a thread that encodes many documents makes its own.
public final class Encoder {
  private let model: TokenizerModel
  private var cache: WordCache
  private var merger = WordMerger()

  /// An encoder for a tokenizer, with about 2 MB of memory for words.
  public convenience init(_ tokenizer: Tokenizer) {
    self.init(model: tokenizer.model)
  }

  init(model: TokenizerModel) {
    self.model = model
    cache = WordCache()
  }

  /// Appends the tokens of a text.
  /// - Parameters:
  ///   - bytes: The text as UTF-8; bytes that are not come back from decoding as they were.
  ///   - specialTokens: Whether special tokens standing in the text are recognised.
  ///   - output: Takes the tokens.
  public func encode(
    _ bytes: UnsafeBufferPointer<UInt8>, specialTokens: SpecialTokenHandling = .asText,
    into output: inout [UInt32]
  ) {
    let matcher = model.matcher
    if matcher.isEmpty || (specialTokens == .asText && matcher.isAllSpecial) {
      encodeNormalizable(bytes, 0..<bytes.count, specialTokens, &output)
      return
    }
    matcher.forEachPiece(in: bytes, 0..<bytes.count, specialTokens: specialTokens) { piece in
      switch piece {
      case .token(let id): output.append(id)
      case .text(let range): encodeNormalizable(bytes, range, specialTokens, &output)
      }
    }
  }

  /// The second pass: added tokens that are looked for in normalised text.
  private func encodeNormalizable(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ specialTokens: SpecialTokenHandling,
    _ output: inout [UInt32]
  ) {
    let matcher = model.normalizedMatcher
    if matcher.isEmpty || (specialTokens == .asText && matcher.isAllSpecial) {
      encodePlain(bytes, range, &output)
      return
    }
    matcher.forEachPiece(in: bytes, range, specialTokens: specialTokens) { piece in
      switch piece {
      case .token(let id): output.append(id)
      case .text(let range): encodePlain(bytes, range, &output)
      }
    }
  }

  /// Text without added tokens.
  private func encodePlain(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ output: inout [UInt32]) {
    guard let base = bytes.baseAddress else { return }
    let start = base + range.lowerBound
    // How far past the piece memory may be read.
    let readable = bytes.count - range.lowerBound
    model.preTokenizer.forEachWord(in: UnsafeBufferPointer(start: start, count: range.count)) { word in
      encodeWord(start + word.lowerBound, word.count, readable: readable - word.lowerBound, &output)
    }
  }

  @inline(__always)
  private func encodeWord(
    _ word: UnsafePointer<UInt8>, _ length: Int, readable: Int, _ output: inout [UInt32]
  ) {
    guard length <= WordCache.longestWord else {
      encodeUnknownWord(word, length, &output)
      return
    }
    let key = WordCache.key(word, length, readable: readable)
    if cache.append(key, to: &output) { return }
    let before = output.count
    encodeUnknownWord(word, length, &output)
    cache.insert(key, output[before...])
  }

  @inline(never)
  private func encodeUnknownWord(_ word: UnsafePointer<UInt8>, _ length: Int, _ output: inout [UInt32]) {
    if model.ignoresMerges, let id = model.vocabulary.id(word, length) {
      output.append(id)
      return
    }
    merger.merge(
      UnsafeBufferPointer(start: word, count: length), model.merges, unknown: model.unknownToken, into: &output)
  }
}
