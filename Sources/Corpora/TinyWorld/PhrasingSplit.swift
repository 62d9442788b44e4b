/// For each fact, which ways of wording something training may show, and which are kept for held-out questions.
struct PhrasingSplit: Sendable {
  /// Phrasings kept of each fact.
  static let heldOutCount = 2

  /// By fact, the numbers of the phrasings that documents use.
  let training: [[Int]]
  /// By fact, the numbers of the phrasings that only held-out questions use.
  let heldOut: [[Int]]

  /// Draws the split for facts that have `counts` phrasings each.
  init(seed: UInt64, purpose: WorldRandom.Purpose, counts: [Int]) {
    heldOut = counts.enumerated().map { fact, count in
      var random = WorldRandom(seed: seed, purpose: purpose, index: UInt64(fact))
      return random.sample(Self.heldOutCount, below: count).sorted()
    }
    training = zip(counts, heldOut).map { count, kept in (0..<count).filter { !kept.contains($0) } }
  }

  /// At most `count` of the held-out pairs of a fact and a phrasing, in random order.
  func heldOutPairs(count: Int, random: inout WorldRandom) -> ArraySlice<(fact: Int, phrasing: Int)> {
    var all = heldOut.indices.flatMap { fact in heldOut[fact].map { (fact: fact, phrasing: $0) } }
    random.shuffle(&all)
    return all.prefix(max(0, count))
  }
}
