/// Everything that a tokenizer needs to encode and decode; unchanging and shared.
final class TokenizerModel: Sendable {
  /// All tokens with their bytes; the index finds those of the BPE model only.
  let vocabulary: Vocabulary
  /// Identifiers that the BPE model knows, as against those of added tokens alone.
  let isInModel: [Bool]
  /// Tokens that the file writes as they are rather than in the byte alphabet.
  let literalTokens: Set<UInt32>
  /// How a word becomes tokens.
  let algorithm: Algorithm
  /// The merges of either kind of BPE.
  let merges: MergeTable
  let addedTokens: [AddedToken]
  /// What happens to text before it is cut.
  let normalizer: Normalizer?
  let preTokenizer: PreTokenizer
  /// How text is cut where `preTokenizer` cannot do it.
  let segmentation: Segmentation?
  /// Whether a word that is itself a token becomes it without looking at merges (`ignore_merges`).
  let ignoresMerges: Bool
  let unknownToken: UnknownToken?
  let decoder: TokenDecoder

  let matcher: AddedTokenMatcher
  let normalizedMatcher: AddedTokenMatcher
  let addedByID: [UInt32: AddedToken]
  let addedByContent: [[UInt8]: UInt32]

  /// How a word becomes tokens.
  enum Algorithm: Sendable {
    /// BPE over bytes; tokens are bytes, which files write in the byte alphabet.
    case byteMerges
    /// BPE over characters.
    case characterMerges(CharacterMerges)
    /// The pieces of the best total score.
    case unigram(UnigramModel)
  }

  /// Whether tokens are bytes rather than text with marks for spaces.
  var isByteLevel: Bool { if case .byteMerges = algorithm { true } else { false } }

  /// - Parameters:
  ///   - tokens: The BPE model's tokens at their identifiers, empty where there is none.
  ///   - merges: Gives the merges in the order of rank, which files write in terms of the vocabulary; it may complete
  ///     the algorithm.
  init<E: Error>(
    tokens: [ArraySlice<UInt8>], literalTokens: Set<UInt32> = [], addedTokens: [AddedToken],
    normalizer: Normalizer? = nil, preTokenizer: PreTokenizer, segmentation: Segmentation? = nil,
    ignoresMerges: Bool = false, unknownToken: UnknownToken? = nil, decoder: TokenDecoder = .verbatim,
    algorithm: Algorithm = .byteMerges,
    merges: (Vocabulary, inout Algorithm) throws(E) -> [MergeTable.Merge]
  ) throws(E) {
    var all = tokens
    var isInModel = tokens.map { !$0.isEmpty }
    for token in addedTokens {
      while all.count <= Int(token.id) {
        all.append([])
        isInModel.append(false)
      }
      all[Int(token.id)] = ArraySlice(token.content.utf8)
    }
    // A token outside the byte alphabet is never made of bytes, so another with the same bytes comes first.
    vocabulary = Vocabulary(tokens: all, indexed: isInModel, second: literalTokens)
    self.isInModel = isInModel
    self.literalTokens = literalTokens
    var byteTokens = [UInt32](repeating: .max, count: 256)
    for (id, token) in tokens.enumerated() where token.count == 1 && !literalTokens.contains(UInt32(id)) {
      let byte = Int(token[token.startIndex])
      if byteTokens[byte] == .max { byteTokens[byte] = UInt32(id) }
    }
    var algorithm = algorithm
    if case .byteMerges = algorithm {} else { byteTokens = [] }
    self.merges = MergeTable(merges: try merges(vocabulary, &algorithm), byteTokens: byteTokens)
    self.algorithm = algorithm
    self.addedTokens = addedTokens.sorted { $0.id < $1.id }
    self.normalizer = normalizer
    self.preTokenizer = preTokenizer
    self.segmentation = segmentation
    self.ignoresMerges = ignoresMerges
    self.unknownToken = unknownToken
    self.decoder = decoder
    matcher = AddedTokenMatcher(addedTokens.filter { !$0.isNormalized })
    // Those that are looked for in changed text are looked for as the change makes them.
    normalizedMatcher = AddedTokenMatcher(addedTokens.filter(\.isNormalized)) { token in
      normalizer.map { $0.apply(token.content) } ?? Array(token.content.utf8)
    }
    addedByID = Dictionary(addedTokens.map { ($0.id, $0) }, uniquingKeysWith: { _, last in last })
    addedByContent = Dictionary(
      addedTokens.map { (Array($0.content.utf8), $0.id) }, uniquingKeysWith: { _, last in last })
  }

  /// A piece as it is spelled, also where an added token has its number.
  func pieceText(_ id: UInt32) -> String { String(decoding: vocabulary[id] ?? [], as: UTF8.self) }
}
