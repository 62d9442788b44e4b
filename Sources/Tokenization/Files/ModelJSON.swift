import Formats

/// Where a tokenizer's model comes from: a `tokenizer.json`, or a file of another kind seen as one.
protocol TokenizerSource {
  /// What to call it in errors.
  var name: String { get }
  /// All of `tokenizer.json` but the vocabulary and the merges.
  var rest: JSON { get }
  /// What SentencePiece does to text, which `normalizer` only comes close to.
  var sentencePiece: SentencePieceNormalizer? { get }
  /// Tokens that merge with nothing (SentencePiece's user-defined symbols).
  var frozen: ByteTrie? { get }

  /// The tokens of the model at their numbers, empty where there is none; and those of them that are written as they
  /// are rather than in the byte alphabet.
  func tokens(isByteLevel: Bool) throws(TokenizerError) -> (tokens: [ArraySlice<UInt8>], literal: Set<UInt32>)
  /// The merges in the order of their ranks; characters that are no tokens are numbered.
  func merges(
    _ vocabulary: Vocabulary, isByteLevel: Bool, prefixLength: Int, _ characters: inout CharacterMerges?
  ) throws(TokenizerError) -> [MergeTable.Merge]
  /// The pieces of a Unigram model with their scores.
  func pieces() throws(TokenizerError) -> (pieces: [ArraySlice<UInt8>], scores: [Double])
  /// Which of the pieces are what, for SentencePiece.
  var pieceKinds: [SentencePieceKind]? { get }
}

extension TokenizerSource {
  var sentencePiece: SentencePieceNormalizer? { nil }
  var frozen: ByteTrie? { nil }
  var pieceKinds: [SentencePieceKind]? { nil }
}

/// The two kinds of `model`.
extension Tokenizer {
  /// A tokenizer of what a source says.
  init(_ source: some TokenizerSource) throws {
    let settings = source.rest["model"] ?? .null
    let added = try Self.addedTokens(source.rest["added_tokens"], source.name)
    let model =
      switch settings["type"]?.stringValue ?? (settings["type"] == nil ? "BPE" : "") {
      case "BPE": try Self.mergingModel(source, settings, added)
      case "Unigram": try Self.unigramModel(source, settings, added)
      default:
        throw TokenizerError(
          source.name,
          "model.type is \(settings["type"]?.serializedString() ?? "null"), it must be \"BPE\" or \"Unigram\"")
      }
    var metadata = TokenizerMetadata()
    metadata.keep(source.rest, isByteLevel: model.isByteLevel)
    metadata.template = try PostProcessorTemplate.read(metadata.postProcessor, file: source.name)
    self.init(model: model, metadata: metadata)
  }

  private static func addedTokens(_ value: JSON?, _ name: String) throws(TokenizerError) -> [AddedToken] {
    var added: [AddedToken] = []
    var taken: Set<UInt32> = []
    for value in value?.arrayValue ?? [] {
      let token = try AddedToken(value, file: name)
      guard taken.insert(token.id).inserted else {
        throw TokenizerError(name, "two added tokens have the number \(token.id), each needs its own")
      }
      added.append(token)
    }
    return added
  }

  private static func normalizer(of source: some TokenizerSource) throws(TokenizerError) -> Normalizer? {
    if let own = source.sentencePiece { return Normalizer(steps: [.sentencePiece(own)]) }
    return try Normalizer(source.rest["normalizer"] ?? .null, file: source.name)
  }

  /// BPE, over bytes or over characters.
  private static func mergingModel(
    _ source: some TokenizerSource, _ settings: JSON, _ added: [AddedToken]
  ) throws -> TokenizerModel {
    let name = source.name
    if let dropout = settings["dropout"], !dropout.isNull, dropout.doubleValue != 0 {
      throw TokenizerError(
        name, "model.dropout is \(dropout.serializedString()), which is not supported: it must be null")
    }
    let prefix = Array((settings["continuing_subword_prefix"]?.stringValue ?? "").utf8)
    let suffix = Array((settings["end_of_word_suffix"]?.stringValue ?? "").utf8)
    let ignoresMerges = settings["ignore_merges"]?.boolValue ?? false
    let cutting = source.rest["pre_tokenizer"] ?? .null
    let scanner = PreTokenizer(cutting)
    var segmentation =
      scanner == nil || !prefix.isEmpty || !suffix.isEmpty ? try Segmentation(cutting, file: name) : nil
    // Where words have a prefix or suffix, bytes stay in their alphabet and are characters like others.
    let isByteLevel = (segmentation?.isByteLevel ?? true) && prefix.isEmpty && suffix.isEmpty
    segmentation?.keepsByteAlphabet = !isByteLevel

    let (tokens, literal) = try source.tokens(isByteLevel: isByteLevel)
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
    let normalizer = try normalizer(of: source)
    let decoder = try TokenDecoder(source.rest["decoder"] ?? .null, isByteLevel: isByteLevel, file: name)
    guard !isByteLevel else {
      return try TokenizerModel(
        tokens: tokens, literalTokens: literal, addedTokens: added, normalizer: normalizer,
        preTokenizer: scanner ?? PreTokenizer(pattern: .none), segmentation: segmentation,
        ignoresMerges: ignoresMerges, unknownToken: unknown, decoder: decoder,
        merges: { vocabulary, _ throws(TokenizerError) in
          var none: CharacterMerges?
          return try source.merges(vocabulary, isByteLevel: true, prefixLength: 0, &none)
        })
    }
    var characters = CharacterMerges(source.mergeable(tokens))
    characters.frozen = source.frozen
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
      merges: { vocabulary, algorithm throws(TokenizerError) in
        var completed: CharacterMerges? = characters
        let merges = try source.merges(vocabulary, isByteLevel: false, prefixLength: prefix.count, &completed)
        if let completed { algorithm = .characterMerges(completed) }
        return merges
      })
  }

  /// Unigram.
  private static func unigramModel(
    _ source: some TokenizerSource, _ settings: JSON, _ added: [AddedToken]
  ) throws -> TokenizerModel {
    let name = source.name
    let (pieces, scores) = try source.pieces()
    guard let unknown = settings["unk_id"]?.intValue, pieces.indices.contains(unknown) else {
      throw TokenizerError(
        name, "model.unk_id is \(settings["unk_id"]?.serializedString() ?? "missing"), it must be the number of a piece"
      )
    }
    var segmentation = try Segmentation(source.rest["pre_tokenizer"] ?? .null, file: name)
    segmentation.keepsByteAlphabet = true
    let byteTokens = settings["byte_fallback"]?.boolValue == true ? CharacterMerges.byteTokens(pieces) : nil
    let kinds = source.pieceKinds
    let unigram = UnigramModel(
      pieces: source.mergeable(pieces), scores: scores, unknown: UInt32(unknown), byteTokens: byteTokens,
      isSentencePiece: kinds != nil,
      userDefined: Set((kinds ?? []).indices.filter { kinds?[$0] == .userDefined }.map { UInt32($0) }),
      countsForBounds: kinds?.map { $0 == .normal })
    return try TokenizerModel(
      tokens: pieces, addedTokens: added, normalizer: try normalizer(of: source),
      preTokenizer: PreTokenizer(pattern: .none), segmentation: segmentation,
      decoder: try TokenDecoder(source.rest["decoder"] ?? .null, isByteLevel: false, file: name),
      algorithm: .unigram(unigram), merges: { _, _ throws(TokenizerError) in [] })
  }
}

extension TokenizerSource {
  /// The tokens without those that text cannot become.
  fileprivate func mergeable(_ tokens: [ArraySlice<UInt8>]) -> [ArraySlice<UInt8>] {
    guard let kinds = pieceKinds else { return tokens }
    return zip(tokens, kinds).map { token, kind in kind == .normal || kind == .userDefined ? token : [] }
  }
}
