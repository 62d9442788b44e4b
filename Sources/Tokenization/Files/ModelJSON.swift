import Formats

/// The two kinds of `model` in `tokenizer.json`.
extension Tokenizer {
  /// BPE, over bytes or over characters.
  static func mergingModel(
    _ document: TokenizerDocument, _ settings: JSON, _ added: [AddedToken]
  ) throws -> TokenizerModel {
    let name = document.name
    if let dropout = settings["dropout"], !dropout.isNull, dropout.doubleValue != 0 {
      throw TokenizerError(name, "model.dropout is \(dropout.serializedString()), which is not supported: it must be null")
    }
    let prefix = Array((settings["continuing_subword_prefix"]?.stringValue ?? "").utf8)
    let suffix = Array((settings["end_of_word_suffix"]?.stringValue ?? "").utf8)
    let ignoresMerges = settings["ignore_merges"]?.boolValue ?? false
    let cutting = document.rest["pre_tokenizer"] ?? .null
    let scanner = PreTokenizer(cutting)
    var segmentation = scanner == nil || !prefix.isEmpty || !suffix.isEmpty ? try Segmentation(cutting, file: name) : nil
    // Where words have a prefix or suffix, bytes stay in their alphabet and are characters like others.
    let isByteLevel = (segmentation?.isByteLevel ?? true) && prefix.isEmpty && suffix.isEmpty
    segmentation?.keepsByteAlphabet = !isByteLevel

    let (tokens, literal) = try document.tokens(isByteLevel: isByteLevel)
    var unknown: UnknownToken?
    if let content = settings["unk_token"]?.stringValue {
      var bytes: [UInt8] = []
      if isByteLevel {
        ByteAlphabet.appendBytes(ofText: Array(content.utf8), to: &bytes)
      } else {
        bytes = Array(content.utf8)
      }
      let id = tokens.firstIndex { $0.elementsEqual(bytes) } ?? added.first { $0.content == content }.map { Int($0.id) }
      guard let id else { throw TokenizerError(name, "model.unk_token is \"\(content)\", which is no token") }
      unknown = UnknownToken(id: UInt32(id), isFused: settings["fuse_unk"]?.boolValue ?? false)
    }
    let normalizer = try Normalizer(document.rest["normalizer"] ?? .null, file: name)
    let decoder = try TokenDecoder(document.rest["decoder"] ?? .null, isByteLevel: isByteLevel, file: name)
    guard !isByteLevel else {
      return try TokenizerModel(
        tokens: tokens, literalTokens: literal, addedTokens: added, normalizer: normalizer,
        preTokenizer: scanner ?? PreTokenizer(pattern: .none), segmentation: segmentation,
        ignoresMerges: ignoresMerges, unknownToken: unknown, decoder: decoder,
        merges: { vocabulary, _ throws(TokenizerError) in try document.merges(vocabulary, isByteLevel: true) })
    }
    var characters = CharacterMerges(tokens)
    characters.prefix = prefix
    characters.suffix = suffix
    characters.unknown = unknown
    if settings["byte_fallback"]?.boolValue == true { characters.byteTokens = CharacterMerges.byteTokens(tokens) }
    if !ignoresMerges, prefix.isEmpty, suffix.isEmpty, characters.hasAllBytesOrNone,
      let joined = Segmentation.scalarsJoinedWithMarks(tokens)
    {
      segmentation = Segmentation((segmentation?.steps ?? []) + [.marks(joinedWith: joined)])
    }
    return try TokenizerModel(
      tokens: tokens, addedTokens: added, normalizer: normalizer, preTokenizer: PreTokenizer(pattern: .none),
      segmentation: segmentation, ignoresMerges: ignoresMerges, decoder: decoder,
      algorithm: .characterMerges(characters),
      merges: { vocabulary, _ throws(TokenizerError) in
        try document.merges(vocabulary, isByteLevel: false, prefixLength: prefix.count)
      })
  }

  /// Unigram.
  static func unigramModel(
    _ document: TokenizerDocument, _ settings: JSON, _ added: [AddedToken]
  ) throws -> TokenizerModel {
    let name = document.name
    let (pieces, scores) = try document.pieces()
    guard let unknown = settings["unk_id"]?.intValue, pieces.indices.contains(unknown) else {
      throw TokenizerError(
        name, "model.unk_id is \(settings["unk_id"]?.serializedString() ?? "missing"), it must be the number of a piece")
    }
    var segmentation = try Segmentation(document.rest["pre_tokenizer"] ?? .null, file: name)
    segmentation.keepsByteAlphabet = true
    let byteTokens = settings["byte_fallback"]?.boolValue == true ? CharacterMerges.byteTokens(pieces) : nil
    let unigram = UnigramModel(
      pieces: pieces, scores: scores, unknown: UInt32(unknown), byteTokens: byteTokens, isSentencePiece: false)
    return try TokenizerModel(
      tokens: pieces, addedTokens: added, normalizer: try Normalizer(document.rest["normalizer"] ?? .null, file: name),
      preTokenizer: PreTokenizer(pattern: .none), segmentation: segmentation,
      decoder: try TokenDecoder(document.rest["decoder"] ?? .null, isByteLevel: false, file: name),
      algorithm: .unigram(unigram), merges: { _, _ throws(TokenizerError) in [] })
  }
}
