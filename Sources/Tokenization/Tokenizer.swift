import Formats

/// A tokenizer: text to token numbers and back.
///
/// Byte-level BPE gives back any bytes as they were; other vocabularies, and those that normalise text, give what their
/// own library gives. It reads and writes the folders that `tokenizers` and `transformers` use. A copy costs nothing;
/// all copies share one vocabulary, from any number of threads.
public struct Tokenizer: Sendable {
  let model: TokenizerModel
  let pool: EncoderPool
  /// What else the folder said, kept for saving.
  var metadata: TokenizerMetadata

  init(model: TokenizerModel, metadata: TokenizerMetadata) {
    self.model = model
    pool = EncoderPool()
    self.metadata = metadata
  }

  /// How many token numbers there are: one more than the highest.
  public var vocabularySize: Int { model.vocabulary.count }

  /// The token that ends a text, if the folder names one.
  public var endOfText: UInt32? { metadata.endOfText }

  /// The token that begins a text, if the folder names one.
  public var beginningOfText: UInt32? { metadata.beginningOfText }

  /// Special and ordinary added tokens by number.
  public var addedTokens: [AddedToken] { model.addedTokens }

  /// How text is cut into words.
  public var preTokenizer: PreTokenizer { model.preTokenizer }

  /// Bytes that no token of a byte-level vocabulary stands for. Text with one of them loses it, as it does in
  /// `tokenizers`; empty for every vocabulary trained here.
  public var missingBytes: [UInt8] {
    guard model.isByteLevel else { return [] }
    return (0...255).map { UInt8($0) }.filter { model.merges.byteTokens[Int($0)] == .max }
  }

  // MARK: Encoding

  /// The tokens of a text.
  /// - Parameters:
  ///   - bytes: UTF-8, or any bytes.
  ///   - specialTokens: Whether special tokens standing in the text are recognised.
  public func encode(
    _ bytes: UnsafeBufferPointer<UInt8>, specialTokens: SpecialTokenHandling = .asText
  ) -> [UInt32] {
    pool.withEncoder(model) { encoder in
      var output: [UInt32] = []
      output.reserveCapacity(bytes.count / 4 + 8)
      encoder.encode(bytes, specialTokens: specialTokens, into: &output)
      return output
    }
  }

  /// The tokens of some bytes.
  public func encode(_ bytes: [UInt8], specialTokens: SpecialTokenHandling = .asText) -> [UInt32] {
    bytes.withUnsafeBufferPointer { encode($0, specialTokens: specialTokens) }
  }

  /// The tokens of a text.
  public func encode(_ text: String, specialTokens: SpecialTokenHandling = .asText) -> [UInt32] {
    var text = text
    return text.withUTF8 { encode($0, specialTokens: specialTokens) }
  }

  /// The tokens of several texts, which up to `threads` threads share.
  public func encode(
    batch texts: [[UInt8]], specialTokens: SpecialTokenHandling = .asText, threads: Int
  ) -> [[UInt32]] {
    parallelMap(count: texts.count, threads: threads) { encode(texts[$0], specialTokens: specialTokens) }
  }

  /// Puts the tokens around a text that the folder's template asks for, such as one that begins a text.
  public func addingTemplate(to ids: [UInt32]) -> [UInt32] {
    metadata.template.before + ids + metadata.template.after
  }

  // MARK: Decoding

  /// The bytes of some tokens; a number without a token gives none.
  public func decode(_ ids: [UInt32]) -> [UInt8] {
    decode(ids, skippingSpecialTokens: false)
  }

  /// The bytes of some tokens, with or without the text of special tokens.
  public func decode(_ ids: [UInt32], skippingSpecialTokens: Bool) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(ids.count * 5)
    var state = DecodingState(model)
    for id in ids {
      if skippingSpecialTokens, isSpecial(id) { continue }
      state.append(id, to: &output)
    }
    state.finish(into: &output)
    return output
  }

  /// The text of some tokens; bytes that are not UTF-8 become U+FFFD.
  public func text(_ ids: [UInt32], skippingSpecialTokens: Bool = false) -> String {
    String(decoding: decode(ids, skippingSpecialTokens: skippingSpecialTokens), as: UTF8.self)
  }

  /// A decoder for tokens that come one at a time.
  public func decodeStream(skippingSpecialTokens: Bool = true) -> DecodeStream {
    DecodeStream(tokenizer: self, skippingSpecialTokens: skippingSpecialTokens)
  }

  // MARK: Single tokens

  /// The bytes that a token stands for in the middle of a text, nil if the number has no token.
  public func token(for id: UInt32) -> [UInt8]? {
    guard let token = model.vocabulary[id] else { return nil }
    if model.decoder.isVerbatim { return Array(token) }
    var matcher = PatternMatcher()
    return Array(model.decoder.render(token, isFirst: false, &matcher))
  }

  /// The number of a token as the vocabulary spells it (in a SentencePiece vocabulary with marks for spaces): an added
  /// token's, or else one of the model's.
  public func id(for token: some Collection<UInt8>) -> UInt32? {
    model.addedByContent[Array(token)] ?? model.vocabulary.id(token)
  }

  /// The number of a token's text.
  public func id(for token: String) -> UInt32? { id(for: Array(token.utf8)) }

  /// Whether a number is that of a special token.
  public func isSpecial(_ id: UInt32) -> Bool { model.addedByID[id]?.isSpecial ?? false }
}
