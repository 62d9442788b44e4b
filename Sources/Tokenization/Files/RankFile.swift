/// Files of ranks as `tiktoken` has them: a line for each token, its bytes in base64 and its rank.
enum RankFile {
  /// Whether the first line is one of such a file.
  static func looksLikeOne(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var position = 0
    var token: [UInt8] = []
    return takeLine(bytes, &position, &token) != nil && !token.isEmpty
  }

  /// Reads a line: appends the token's bytes and returns its rank; nil if the line is none.
  private static func takeLine(
    _ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int, _ token: inout [UInt8]
  ) -> Int? {
    takeBase64(bytes, &position, &token)
    guard position < bytes.count, bytes[position] == 0x20 else { return nil }
    position += 1
    var rank: Int?
    while position < bytes.count, case let digit = bytes[position] &- 0x30, digit < 10 {
      let value = (rank ?? 0) * 10 + Int(digit)
      guard value < BPETrainer.largestVocabulary else { return nil }
      rank = value
      position += 1
    }
    if position < bytes.count, bytes[position] == 0x0d { position += 1 }
    guard position == bytes.count || bytes[position] == 0x0a else { return nil }
    position += 1
    return rank
  }

  /// Appends what base64 from a place on means.
  static func takeBase64(_ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int, _ token: inout [UInt8]) {
    var bits: UInt32 = 0
    var bitCount = 0
    while position < bytes.count, case let value = base64Values[Int(bytes[position])], value < 64 {
      bits = bits << 6 | UInt32(value)
      bitCount += 6
      if bitCount >= 8 {
        bitCount -= 8
        token.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
      }
      position += 1
    }
    while position < bytes.count, bytes[position] == UInt8(ascii: "=") { position += 1 }
  }

  private static let base64Values: [UInt8] = {
    var values = [UInt8](repeating: 255, count: 256)
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for (value, digit) in digits.utf8.enumerated() { values[Int(digit)] = UInt8(value) }
    return values
  }()

  /// The tokens at their ranks.
  static func tokens(_ bytes: UnsafeBufferPointer<UInt8>, name: String) throws(TokenizerError) -> [ArraySlice<UInt8>] {
    var storage: [UInt8] = []
    storage.reserveCapacity(bytes.count)
    var found: [(rank: Int, start: Int, end: Int)] = []
    var highest = -1
    var number = 0
    var position = 0
    while position < bytes.count {
      number += 1
      if bytes[position] == 0x0a {
        position += 1
        continue
      }
      let start = storage.count
      guard let rank = takeLine(bytes, &position, &storage), storage.count > start else {
        throw TokenizerError(
          "\(name), line \(number)",
          "a line must be a token in base64, a space and its rank below \(BPETrainer.largestVocabulary)")
      }
      found.append((rank, start, storage.count))
      highest = max(highest, rank)
    }
    var tokens = [ArraySlice<UInt8>](repeating: [], count: highest + 1)
    for token in found {
      guard tokens[token.rank].isEmpty else {
        throw TokenizerError(name, "the rank \(token.rank) stands there twice, each token needs its own")
      }
      tokens[token.rank] = storage[token.start..<token.end]
    }
    return tokens
  }

  /// All ways to put each token together from two others. Those of one token share its rank.
  static func merges(_ vocabulary: Vocabulary, _ ids: Range<Int>) -> [MergeTable.Merge] {
    var merges: [MergeTable.Merge] = []
    merges.reserveCapacity(ids.count * 2)
    var ofToken: [MergeTable.Merge] = []
    for id in ids {
      ofToken.removeAll(keepingCapacity: true)
      vocabulary.withBytes(of: id) { token in
        guard let base = token.baseAddress, token.count > 1 else { return }
        for split in 1..<token.count {
          if let left = vocabulary.id(base, split), let right = vocabulary.id(base + split, token.count - split) {
            ofToken.append(MergeTable.Merge(left: left, right: right, rank: UInt32(id), merged: UInt32(id)))
          }
        }
      }
      ofToken.sort { ($0.left, $0.right) < ($1.left, $1.right) }
      merges.append(contentsOf: ofToken)
    }
    return merges
  }
}

extension Tokenizer {
  /// Llama 3's special tokens, which follow its 128,000 ranks.
  public static let llama3SpecialTokens: [String] = RankFamily.llama3.specialTokens

  /// Reads a file of ranks as `tiktoken` has them.
  /// - Parameters:
  ///   - bytes: The file: on each line a token in base64, a space and its rank.
  ///   - name: What to call it in errors.
  ///   - preTokenizer: How text is cut into words; the file does not say.
  ///   - specialTokens: They are numbered on after the highest rank.
  ///   - beginningOfText: Which of them begins a text.
  ///   - endOfText: Which of them ends a text.
  public init(
    ranks bytes: UnsafeBufferPointer<UInt8>, name: String, preTokenizer: PreTokenizer = .llama3,
    specialTokens: [String] = llama3SpecialTokens, beginningOfText: String? = "<|begin_of_text|>",
    endOfText: String? = "<|end_of_text|>"
  ) throws(TokenizerError) {
    let family = RankFamily(
      preTokenizer: preTokenizer, specialTokens: specialTokens, beginningOfText: beginningOfText, endOfText: endOfText)
    self.init(ranks: try RankFile.tokens(bytes, name: name), family)
  }

  /// A file of ranks of a known model, which its number of ranks tells; Llama 3's otherwise.
  init(knownRanks bytes: UnsafeBufferPointer<UInt8>, name: String) throws(TokenizerError) {
    let tokens = try RankFile.tokens(bytes, name: name)
    self.init(ranks: tokens, RankFamily.ofRanks(tokens.count))
  }

  private init(ranks tokens: [ArraySlice<UInt8>], _ family: RankFamily) {
    let added = family.specialTokens.enumerated().map { index, content in
      AddedToken(id: UInt32(tokens.count + index), content: content, isSpecial: true)
    }
    let model = TokenizerModel(
      tokens: tokens, addedTokens: added,
      normalizer: family.isComposed ? Normalizer(steps: [.form(.nfc)]) : nil, preTokenizer: family.preTokenizer,
      ignoresMerges: true, merges: { vocabulary, _ in RankFile.merges(vocabulary, 0..<tokens.count) })
    let end = added.first { $0.content == family.endOfText }
    var metadata = TokenizerMetadata(trainedWithEndOfText: end?.id, added)
    if family.isComposed { metadata.normalizer = ["type": "NFC"] }
    if let begin = added.first(where: { $0.content == family.beginningOfText }) {
      metadata.beginningOfText = begin.id
      metadata.configuration["bos_token"] = .string(begin.content)
      metadata.specialTokensMap["bos_token"] = .string(begin.content)
    }
    self.init(model: model, metadata: metadata)
  }
}
