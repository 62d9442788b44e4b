/// Pairs that may merge next: the most frequent first; of equally frequent ones that with the lowest tokens, as
/// `BpeTrainer` of `tokenizers` orders them.
struct PairQueue {
  struct Item {
    /// Occurrences when it was queued; they may have changed since.
    var count: Int64
    var pair: PairTable.Pair
    /// Where the pair stands in the table of pairs.
    var place: UInt32
    /// Which list of words belongs to it; later lists have higher numbers.
    var words: UInt32

    @inline(__always)
    func comes(before other: Item) -> Bool {
      if count != other.count { return count > other.count }
      if pair != other.pair { return pair < other.pair }
      return words < other.words
    }
  }

  private var items: ContiguousArray<Item> = []

  mutating func push(_ item: Item) {
    items.append(item)
    var index = items.count - 1
    while index > 0 {
      let parent = (index - 1) / 2
      guard item.comes(before: items[parent]) else { break }
      items[index] = items[parent]
      index = parent
    }
    items[index] = item
  }

  mutating func pop() -> Item? {
    guard let first = items.first, let last = items.popLast() else { return nil }
    guard !items.isEmpty else { return first }
    var index = 0
    while true {
      var child = 2 * index + 1
      guard child < items.count else { break }
      if child + 1 < items.count, items[child + 1].comes(before: items[child]) { child += 1 }
      guard items[child].comes(before: last) else { break }
      items[index] = items[child]
      index = child
    }
    items[index] = last
    return first
  }
}
