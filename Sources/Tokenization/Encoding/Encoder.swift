/// Encodes texts one after another on one thread, remembering the words it has seen.
///
/// `Tokenizer.encode` keeps a few of these by itself; a thread that encodes many documents makes its own.
public final class Encoder {
  private let model: TokenizerModel
  private var cache: WordCache
  private var merger = WordMerger()
  private var matcher = PatternMatcher()

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
      encodeNormalized(bytes, 0..<bytes.count, specialTokens, &output)
      return
    }
    matcher.forEachPiece(in: bytes, 0..<bytes.count, specialTokens: specialTokens) { piece in
      switch piece {
      case .token(let id): output.append(id)
      case .text(let range): encodeNormalized(bytes, range, specialTokens, &output)
      }
    }
  }

  /// Changes the text as the normalizer says.
  private func encodeNormalized(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ specialTokens: SpecialTokenHandling,
    _ output: inout [UInt32]
  ) {
    guard let normalizer = model.normalizer,
      let changed = normalizer.apply(UnsafeBufferPointer(rebasing: bytes[range]), &matcher)
    else {
      encodeNormalizable(bytes, range, startsText: range.lowerBound == 0, specialTokens, &output)
      return
    }
    changed.withUnsafeBufferPointer {
      encodeNormalizable($0, 0..<$0.count, startsText: range.lowerBound == 0, specialTokens, &output)
    }
  }

  /// The second pass: added tokens that are looked for in normalised text.
  private func encodeNormalizable(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, startsText: Bool, _ specialTokens: SpecialTokenHandling,
    _ output: inout [UInt32]
  ) {
    let matcher = model.normalizedMatcher
    if matcher.isEmpty || (specialTokens == .asText && matcher.isAllSpecial) {
      encodePlain(bytes, range, startsText: startsText, &output)
      return
    }
    matcher.forEachPiece(in: bytes, range, specialTokens: specialTokens) { piece in
      switch piece {
      case .token(let id): output.append(id)
      case .text(let part):
        encodePlain(bytes, part, startsText: startsText && part.lowerBound == range.lowerBound, &output)
      }
    }
  }

  /// Text without added tokens.
  private func encodePlain(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, startsText: Bool, _ output: inout [UInt32]
  ) {
    guard let base = bytes.baseAddress else { return }
    if let segmentation = model.segmentation {
      encodeSegments(
        segmentation.apply(UnsafeBufferPointer(rebasing: bytes[range]), startsText: startsText, &matcher), &output)
      return
    }
    let start = base + range.lowerBound
    // How far past the piece memory may be read.
    let readable = bytes.count - range.lowerBound
    model.preTokenizer.forEachWord(in: UnsafeBufferPointer(start: start, count: range.count)) { word in
      encodeWord(start + word.lowerBound, word.count, readable: readable - word.lowerBound, &output)
    }
  }

  private func encodeSegments(_ text: SegmentedText, _ output: inout [UInt32]) {
    text.bytes.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      for piece in text.pieces where !piece.isEmpty {
        encodeWord(base + piece.lowerBound, piece.count, readable: bytes.count - piece.lowerBound, &output)
      }
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
    let word = UnsafeBufferPointer(start: word, count: length)
    switch model.algorithm {
    case .byteMerges: merger.merge(word, model.merges, unknown: model.unknownToken, into: &output)
    case .characterMerges(let characters): encodeCharacters(word, characters, &output)
    case .unigram(let unigram): unigram.encode(word, model.vocabulary, into: &output)
    }
  }

  /// Merges what stands between frozen tokens.
  private func encodeCharacters(
    _ word: UnsafeBufferPointer<UInt8>, _ characters: CharacterMerges, _ output: inout [UInt32]
  ) {
    guard let frozen = characters.frozen else {
      merger.merge(word, characters, model.vocabulary, model.merges, into: &output)
      return
    }
    var start = 0
    var place = 0
    func mergeUp(to end: Int) {
      guard start < end else { return }
      let part = UnsafeBufferPointer(rebasing: word[start..<end])
      merger.merge(part, characters, model.vocabulary, model.merges, into: &output)
    }
    while place < word.count {
      if word[place] & 0xc0 != 0x80, let found = frozen.longestPrefix(word, from: place) {
        mergeUp(to: place)
        output.append(UInt32(found.value))
        place = found.end
        start = place
      } else {
        place += 1
      }
    }
    mergeUp(to: word.count)
  }
}
