/// Everything that a tokenizer needs to encode and decode; unchanging and shared.
final class TokenizerModel: Sendable {
  /// All tokens with their bytes; the index finds those of the BPE model only.
  let vocabulary: Vocabulary
  /// Identifiers that the BPE model knows, as against those of added tokens alone.
  let isInModel: [Bool]
  /// Tokens that the file writes as they are rather than in the byte alphabet.
  let literalTokens: Set<UInt32>
  let merges: MergeTable
  let addedTokens: [AddedToken]
  let preTokenizer: PreTokenizer
  /// Whether a word that is itself a token becomes it without looking at merges (`ignore_merges`).
  let ignoresMerges: Bool
  let unknownToken: UnknownToken?

  let matcher: AddedTokenMatcher
  let normalizedMatcher: AddedTokenMatcher
  let addedByID: [UInt32: AddedToken]
  let addedByContent: [[UInt8]: UInt32]

  /// - Parameters:
  ///   - tokens: The BPE model's tokens at their identifiers, empty where there is none.
  ///   - merges: Gives the merges in the order of rank, which files write in terms of the vocabulary.
  init<E: Error>(
    tokens: [ArraySlice<UInt8>], literalTokens: Set<UInt32> = [], addedTokens: [AddedToken],
    preTokenizer: PreTokenizer, ignoresMerges: Bool, unknownToken: UnknownToken?,
    merges: (Vocabulary) throws(E) -> [MergeTable.Merge]
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
    vocabulary = Vocabulary(tokens: all, indexed: isInModel)
    self.isInModel = isInModel
    self.literalTokens = literalTokens
    var byteTokens = [UInt32](repeating: .max, count: 256)
    for (id, token) in tokens.enumerated() where token.count == 1 {
      let byte = Int(token[token.startIndex])
      if byteTokens[byte] == .max { byteTokens[byte] = UInt32(id) }
    }
    self.merges = MergeTable(merges: try merges(vocabulary), byteTokens: byteTokens)
    self.addedTokens = addedTokens.sorted { $0.id < $1.id }
    self.preTokenizer = preTokenizer
    self.ignoresMerges = ignoresMerges
    self.unknownToken = unknownToken
    matcher = AddedTokenMatcher(addedTokens.filter { !$0.isNormalized })
    normalizedMatcher = AddedTokenMatcher(addedTokens.filter(\.isNormalized))
    addedByID = Dictionary(addedTokens.map { ($0.id, $0) }, uniquingKeysWith: { _, last in last })
    addedByContent = Dictionary(
      addedTokens.map { (Array($0.content.utf8), $0.id) }, uniquingKeysWith: { _, last in last })
  }
}
