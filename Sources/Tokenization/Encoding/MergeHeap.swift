/// A binary heap of possible merges: lowest rank first, then the leftmost.
struct MergeHeap {
  struct Item {
    var entry: MergeTable.Entry
    var position: Int32

    @inline(__always)
    static func < (a: Item, b: Item) -> Bool {
      a.entry.rawValue != b.entry.rawValue ? a.entry.rawValue < b.entry.rawValue : a.position < b.position
    }
  }

  private var items: ContiguousArray<Item> = []

  mutating func removeAll() { items.removeAll(keepingCapacity: true) }

  /// Adds without keeping the order; `heapify` makes it.
  mutating func append(_ item: Item) { items.append(item) }

  mutating func heapify() {
    var index = items.count / 2
    while index > 0 {
      index -= 1
      sink(index)
    }
  }

  mutating func push(_ item: Item) {
    items.append(item)
    var index = items.count - 1
    while index > 0 {
      let parent = (index - 1) / 2
      guard item < items[parent] else { break }
      items[index] = items[parent]
      index = parent
    }
    items[index] = item
  }

  mutating func popLowest() -> Item? {
    guard let first = items.first, let last = items.popLast() else { return nil }
    if !items.isEmpty {
      items[0] = last
      sink(0)
    }
    return first
  }

  private mutating func sink(_ start: Int) {
    var index = start
    let item = items[index]
    while true {
      var child = 2 * index + 1
      guard child < items.count else { break }
      if child + 1 < items.count, items[child + 1] < items[child] { child += 1 }
      guard items[child] < item else { break }
      items[index] = items[child]
      index = child
    }
    items[index] = item
  }
}
