/// How often each pair of neighbouring tokens occurs, and in which words it appeared since the last look.
struct PairTable {
  /// `left << 32 | right`.
  typealias Pair = UInt64

  @inline(__always)
  static func pair(_ left: UInt32, _ right: UInt32) -> Pair { UInt64(left) << 32 | UInt64(right) }

  private var keys: ContiguousArray<Pair>
  private var places: ContiguousArray<UInt32>
  private var mask: Int

  /// The pairs in the order in which they were first seen.
  private(set) var pairs: ContiguousArray<Pair> = []
  /// Occurrences of each.
  private(set) var counts: ContiguousArray<Int64> = []
  /// Words in which each newly appeared; emptied by `drainNew`.
  private var newWords: ContiguousArray<ContiguousArray<UInt32>> = []
  private var touched: ContiguousArray<UInt32> = []

  init() {
    keys = ContiguousArray(repeating: .max, count: 1 << 14)
    places = ContiguousArray(repeating: 0, count: 1 << 14)
    mask = keys.count - 1
  }

  /// The place of a pair in `pairs` and `counts`.
  @inline(__always)
  private mutating func place(of pair: Pair) -> Int {
    var slot = Int(truncatingIfNeeded: foldedProduct(pair ^ 0x9e37_79b9_7f4a_7c15, 0xa076_1d64_78bd_642f)) & mask
    while true {
      let found = keys[slot]
      if found == pair { return Int(places[slot]) }
      if found == .max { return insert(pair, slot) }
      slot = (slot + 1) & mask
    }
  }

  @inline(never)
  private mutating func insert(_ pair: Pair, _ slot: Int) -> Int {
    let place = pairs.count
    keys[slot] = pair
    places[slot] = UInt32(place)
    pairs.append(pair)
    counts.append(0)
    newWords.append([])
    if pairs.count * 2 > keys.count {
      let capacity = keys.count * 2
      keys = ContiguousArray(repeating: .max, count: capacity)
      places = ContiguousArray(repeating: 0, count: capacity)
      mask = capacity - 1
      for (place, pair) in pairs.enumerated() {
        var slot = Int(truncatingIfNeeded: foldedProduct(pair ^ 0x9e37_79b9_7f4a_7c15, 0xa076_1d64_78bd_642f)) & mask
        while keys[slot] != .max { slot = (slot + 1) & mask }
        keys[slot] = pair
        places[slot] = UInt32(place)
      }
    }
    return place
  }

  /// Changes the count of a pair that disappeared from a word.
  @inline(__always)
  mutating func remove(_ pair: Pair, times: Int64) { counts[place(of: pair)] -= times }

  /// Changes the count of a pair that appeared in a word. Words come one after another.
  @inline(__always)
  mutating func add(_ pair: Pair, times: Int64, word: UInt32) {
    let place = place(of: pair)
    counts[place] += times
    if newWords[place].isEmpty { touched.append(UInt32(place)) }
    if newWords[place].last != word { newWords[place].append(word) }
  }

  /// Hands out the pairs that appeared since the last call: place, and the words.
  mutating func drainNew(_ body: (Int, ContiguousArray<UInt32>) -> Void) {
    for place in touched {
      body(Int(place), newWords[Int(place)])
      newWords[Int(place)] = []
    }
    touched.removeAll(keepingCapacity: true)
  }
}
