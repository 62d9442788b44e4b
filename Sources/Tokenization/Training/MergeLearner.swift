/// Learns merges from counted words: again and again the most frequent pair of neighbours becomes a token.
///
/// The order is that of `BpeTrainer` in `tokenizers`, in all its details: a pair's count is not lowered when it merges,
/// and a pair that appears again later (because a token came about in two ways) is queued again with its old count
/// added; a merge learned twice has the rank of the second time.
struct MergeLearner {
  /// The tokens so far: special tokens, the 256 bytes, then one for each merge that made a new one.
  private(set) var tokens: [[UInt8]]
  /// The merges in the order of their ranks.
  private(set) var merges: [(left: UInt32, right: UInt32, merged: UInt32)] = []

  private var ids: [[UInt8]: UInt32] = [:]
  private var symbols: ContiguousArray<UInt32> = []
  private var starts: ContiguousArray<Int> = []
  private var lengths: ContiguousArray<Int32> = []
  private var counts: ContiguousArray<Int64> = []
  private var pairs = PairTable()
  private var queue = PairQueue()
  private var wordLists: ContiguousArray<ContiguousArray<UInt32>> = []

  /// - Parameters:
  ///   - specialTokens: The first tokens; they take no part in merges.
  init(_ words: WordCounts, specialTokens: [[UInt8]]) {
    tokens = specialTokens
    var byteTokens = [UInt32](repeating: 0, count: 256)
    for byte in ByteAlphabet.bytesInCharacterOrder {
      byteTokens[Int(byte)] = UInt32(tokens.count)
      tokens.append([byte])
    }
    for (id, token) in tokens.enumerated() { ids[token] = UInt32(id) }

    counts = words.counts
    lengths.reserveCapacity(words.count)
    starts.reserveCapacity(words.count)
    for word in 0..<words.count {
      words.withBytes(of: word) { bytes in
        starts.append(symbols.count)
        lengths.append(Int32(bytes.count))
        for byte in bytes { symbols.append(byteTokens[Int(byte)]) }
      }
    }
  }

  /// Learns until there are so many tokens, or no pair is left that occurs at least `minimumFrequency` times.
  mutating func learn(vocabularySize: Int, minimumFrequency: Int, progress: (Int) -> Void) {
    countPairs()
    let least = Int64(max(minimumFrequency, 1))
    while tokens.count < vocabularySize, var item = queue.pop() {
      let current = pairs.counts[Int(item.place)]
      if item.count != current {
        item.count = current
        // A pair that is gone can not come back into this list of words.
        if current > 0 { queue.push(item) }
        continue
      }
      if current < least { break }
      let left = UInt32(truncatingIfNeeded: item.pair >> 32)
      let right = UInt32(truncatingIfNeeded: item.pair)
      let bytes = tokens[Int(left)] + tokens[Int(right)]
      let merged: UInt32
      if let known = ids[bytes] {
        merged = known
      } else {
        merged = UInt32(tokens.count)
        ids[bytes] = merged
        tokens.append(bytes)
        progress(tokens.count)
      }
      merges.append((left, right, merged))
      let words = wordLists[Int(item.words)]
      wordLists[Int(item.words)] = []
      for word in words { merge(left, right, merged, word) }
      queueNewPairs()
    }
    keepLastOfEqualMerges()
  }

  private mutating func countPairs() {
    for word in 0..<starts.count {
      let start = starts[word]
      for index in start..<max(start, start + Int(lengths[word]) - 1) {
        pairs.add(PairTable.pair(symbols[index], symbols[index + 1]), times: counts[word], word: UInt32(word))
      }
    }
    queueNewPairs()
  }

  private mutating func queueNewPairs() {
    let counts = pairs.counts
    let names = pairs.pairs
    pairs.drainNew { place, words in
      guard counts[place] > 0 else { return }
      queue.push(
        PairQueue.Item(
          count: counts[place], pair: names[place], place: UInt32(place), words: UInt32(wordLists.count)))
      wordLists.append(words)
    }
  }

  /// Merges a pair in one word, from left to right, and keeps the counts of its neighbours.
  private mutating func merge(_ left: UInt32, _ right: UInt32, _ merged: UInt32, _ word: UInt32) {
    let start = starts[Int(word)]
    let end = start + Int(lengths[Int(word)])
    let times = counts[Int(word)]
    var read = start
    var write = start
    while read < end {
      let symbol = symbols[read]
      guard symbol == left, read + 1 < end, symbols[read + 1] == right else {
        symbols[write] = symbol
        write += 1
        read += 1
        continue
      }
      if write > start {
        let before = symbols[write - 1]
        pairs.remove(PairTable.pair(before, left), times: times)
        pairs.add(PairTable.pair(before, merged), times: times, word: word)
      }
      if read + 2 < end {
        let after = symbols[read + 2]
        pairs.remove(PairTable.pair(right, after), times: times)
        pairs.add(PairTable.pair(merged, after), times: times, word: word)
      }
      symbols[write] = merged
      write += 1
      read += 2
    }
    lengths[Int(word)] = Int32(write - start)
  }

  private mutating func keepLastOfEqualMerges() {
    var last: [PairTable.Pair: Int] = [:]
    for (rank, merge) in merges.enumerated() { last[PairTable.pair(merge.left, merge.right)] = rank }
    guard last.count < merges.count else { return }
    merges = merges.enumerated().filter { last[PairTable.pair($1.left, $1.right)] == $0 }.map(\.element)
  }
}
