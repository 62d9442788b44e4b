import Formats

/// A tokenizer put together from another kind of file: tokens in memory, merges as pairs or by scores.
struct PartsSource: TokenizerSource {
  /// Where the merges come from.
  enum Merges {
    /// Pairs of texts, in the byte alphabet where the vocabulary is in it.
    case pairs(count: Int, (Int) -> String)
    /// All ways to put a token together from two, better scores first (SentencePiece).
    case scores([Float])
  }

  var name: String
  var rest: JSON
  /// Texts at their numbers, empty for none.
  var texts: [ArraySlice<UInt8>]
  var mergeSource: Merges
  var sentencePiece: SentencePieceNormalizer?
  var frozen: ByteTrie?
  var pieceKinds: [SentencePieceKind]?

  func tokens(isByteLevel: Bool) -> (tokens: [ArraySlice<UInt8>], literal: Set<UInt32>) {
    guard isByteLevel else { return (texts, []) }
    var literal: Set<UInt32> = []
    var storage: [UInt8] = []
    storage.reserveCapacity(texts.reduce(0) { $0 + $1.count })
    var ends: [Int] = []
    for (id, text) in texts.enumerated() {
      if !text.isEmpty, !ByteAlphabet.appendBytes(ofText: text, to: &storage) { literal.insert(UInt32(id)) }
      ends.append(storage.count)
    }
    return (ends.indices.map { storage[($0 == 0 ? 0 : ends[$0 - 1])..<ends[$0]] }, literal)
  }

  func pieces() throws(TokenizerError) -> (pieces: [ArraySlice<UInt8>], scores: [Double]) {
    guard case .scores(let scores) = mergeSource else { throw TokenizerError(name, "the pieces have no scores") }
    return (texts, scores.map(Double.init))
  }

  func merges(
    _ vocabulary: Vocabulary, isByteLevel: Bool, prefixLength: Int, _ characters: inout CharacterMerges?
  ) throws(TokenizerError) -> [MergeTable.Merge] {
    switch mergeSource {
    case .scores(let scores): return scoredMerges(vocabulary, scores, &characters)
    case .pairs(let count, let pair):
      var result: [MergeTable.Merge] = []
      result.reserveCapacity(count)
      var left: [UInt8] = []
      var both: [UInt8] = []
      for index in 0..<count {
        let text = Array(pair(index).utf8)
        guard let space = text.dropFirst().firstIndex(of: 0x20) else {
          throw TokenizerError(
            name, "merge \(index) is \"\(pair(index))\", it must be two tokens with a space between them")
        }
        left.removeAll(keepingCapacity: true)
        if isByteLevel {
          ByteAlphabet.appendBytes(ofText: text[..<space], to: &left)
          both = left
          ByteAlphabet.appendBytes(ofText: text[(space + 1)...], to: &both)
        } else {
          left.append(contentsOf: text[..<space])
          both = left
          both.append(contentsOf: text[(space + 1)...])
        }
        guard let leftID = vocabulary.id(left), let rightID = vocabulary.id(both[left.count...]),
          let merged = vocabulary.id(both)
        else {
          throw TokenizerError(
            name, "merge \(index), \"\(pair(index))\", needs both tokens and their union in the vocabulary")
        }
        result.append(MergeTable.Merge(left: leftID, right: rightID, rank: UInt32(index), merged: merged))
      }
      return result
    }
  }

  /// Every way to put a piece together from two pieces, or from characters that are none. Pieces of the user come
  /// before all others, the longest first, as SentencePiece never takes them apart.
  private func scoredMerges(
    _ vocabulary: Vocabulary, _ scores: [Float], _ characters: inout CharacterMerges?
  ) -> [MergeTable.Merge] {
    func isMergeable(_ id: Int) -> Bool {
      guard id < texts.count, !texts[id].isEmpty else { return false }
      guard let kind = pieceKinds?[id] else { return true }
      return kind == .normal || kind == .userDefined
    }
    let order = (0..<texts.count).filter(isMergeable).sorted { a, b in
      let (own, other) = (pieceKinds?[a] == .userDefined, pieceKinds?[b] == .userDefined)
      if own != other { return own }
      if own { return texts[a].count != texts[b].count ? texts[a].count > texts[b].count : a < b }
      return scores[a] != scores[b] ? scores[a] > scores[b] : a < b
    }
    var merges: [MergeTable.Merge] = []
    merges.reserveCapacity(order.count * 2)
    var rank: UInt32 = 0
    var previous: Float?
    for id in order {
      let isOwn = pieceKinds?[id] == .userDefined
      if isOwn || previous != scores[id] { rank += 1 }
      previous = isOwn ? nil : scores[id]
      texts[id].withUnsafeBufferPointer { text in
        guard let base = text.baseAddress, text.count > 1 else { return }
        func part(_ range: Range<Int>) -> UInt32? {
          if let id = vocabulary.id(base + range.lowerBound, range.count) { return isMergeable(Int(id)) ? id : nil }
          let (scalar, width) = ByteScanner(bytes: base, end: range.upperBound).scalar(at: range.lowerBound)
          guard scalar != ByteScanner.noScalar, width == range.count else { return nil }
          return characters?.virtualID(Array(text[range]))
        }
        for split in 1..<text.count where text[split] & 0xc0 != 0x80 {
          if let left = part(0..<split), let right = part(split..<text.count) {
            merges.append(MergeTable.Merge(left: left, right: right, rank: rank, merged: UInt32(id)))
          }
        }
      }
    }
    return merges
  }
}
