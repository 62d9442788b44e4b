/// Cuts a word into the pieces of the highest total score.
///
/// Kudo, "Subword Regularization" (2018); the unknown piece costs 10 more than the worst. Scores are added in double
/// precision, as `tokenizers` and SentencePiece do: long texts with close candidates show it.
struct UnigramModel: Sendable {
  /// The pieces' scores as the file has them; for saving too.
  let scores: [Double]
  let unknown: UInt32?
  /// The tokens of the bytes, if all of a piece's bytes stand for an unknown piece.
  let byteTokens: [UInt32]?
  /// Whether scores are those of single precision and unknown text is never looked up as a whole: as in SentencePiece.
  let isSentencePiece: Bool
  private let trie: ByteTrie
  /// Scores that count, by identifier.
  private let weights: [Double]
  private let unknownScore: Double

  /// - Parameters:
  ///   - pieces: The texts of the pieces that may be found, empty where one may not.
  ///   - userDefined: Pieces that beat all others (SentencePiece only).
  init(
    pieces: [ArraySlice<UInt8>], scores: [Double], unknown: UInt32?, byteTokens: [UInt32]?, isSentencePiece: Bool,
    userDefined: Set<UInt32> = [], countsForBounds: [Bool]? = nil
  ) {
    var trie = ByteTrie()
    for (id, piece) in pieces.enumerated() where !piece.isEmpty { trie.insert(piece, Int32(id)) }
    self.trie = trie
    self.scores = scores
    self.unknown = unknown
    self.byteTokens = byteTokens
    self.isSentencePiece = isSentencePiece
    let bounded = scores.indices.filter { countsForBounds?[$0] ?? true }.map { scores[$0] }
    let lowest = bounded.min() ?? 0
    let highest = bounded.max() ?? 0
    unknownScore = isSentencePiece ? Double(Float(lowest) - 10) : lowest - 10
    var weights = scores
    for id in userDefined {
      weights[Int(id)] = Double(Float(pieces[Int(id)].count) * Float(highest)) - 0.1
    }
    self.weights = weights
  }

  private struct Node {
    var score = 0.0
    var start: Int32 = -1
    var id: Int32 = -1
  }

  /// Appends the tokens of a word.
  func encode(_ word: UnsafeBufferPointer<UInt8>, _ vocabulary: Vocabulary, into output: inout [UInt32]) {
    guard let base = word.baseAddress, !word.isEmpty else { return }
    let scanner = ByteScanner(bytes: base, end: word.count)
    var best = ContiguousArray(repeating: Node(), count: word.count + 1)
    var place = 0
    while place < word.count {
      let soFar = best[place].score
      let width = scanner.scalar(at: place).width
      var hasSingle = false
      trie.forEachPrefix(word, from: place) { end, id in
        let candidate = weights[Int(id)] + soFar
        if best[end].start < 0 || candidate > best[end].score {
          best[end] = Node(score: candidate, start: Int32(place), id: id)
        }
        if end - place == width { hasSingle = true }
      }
      if !hasSingle {
        let candidate = unknownScore + soFar
        if best[place + width].start < 0 || candidate > best[place + width].score {
          best[place + width] = Node(score: candidate, start: Int32(place), id: -1)
        }
      }
      place += width
    }
    var path: [(range: Range<Int>, id: Int32)] = []
    var end = word.count
    while end > 0 {
      let node = best[end]
      // Places inside a scalar are never reached, so each end on the way has a start.
      guard node.start >= 0, node.start < end else { break }
      path.append((Int(node.start)..<end, node.id))
      end = Int(node.start)
    }
    append(path, word, vocabulary, into: &output)
  }

  /// Appends a path that is written from its end; unknown neighbours are one piece.
  private func append(
    _ path: [(range: Range<Int>, id: Int32)], _ word: UnsafeBufferPointer<UInt8>, _ vocabulary: Vocabulary,
    into output: inout [UInt32]
  ) {
    var index = path.count - 1
    while index >= 0 {
      let part = path[index]
      index -= 1
      if part.id >= 0, UInt32(part.id) != unknown {
        output.append(UInt32(part.id))
        continue
      }
      var range = part.range
      while index >= 0, path[index].id < 0 || UInt32(path[index].id) == unknown {
        range = range.lowerBound..<path[index].range.upperBound
        index -= 1
      }
      let text = UnsafeBufferPointer(rebasing: word[range])
      if !isSentencePiece, let base = text.baseAddress, let id = vocabulary.id(base, text.count) {
        output.append(id)
      } else if let byteTokens, text.allSatisfy({ byteTokens[Int($0)] != .max }) {
        for byte in text { output.append(byteTokens[Int(byte)]) }
      } else if let unknown {
        output.append(unknown)
      }
    }
  }
}
