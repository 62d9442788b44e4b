/// Which pairs of tokens merge, in which order, into what.
struct MergeTable: Sendable {
  /// One merge; the file's order is the order of ranks.
  struct Merge: Equatable, Sendable {
    var left: UInt32
    var right: UInt32
    /// Lower merges first; among equals the leftmost pair of a word does.
    var rank: UInt32
    var merged: UInt32
  }

  /// Rank and result of a pair in one word, so that comparing two of them compares ranks.
  struct Entry: Equatable, Sendable {
    var rawValue: UInt64

    @inline(__always)
    init(rank: UInt32, merged: UInt32) { rawValue = UInt64(rank) << 32 | UInt64(merged) }

    @inline(__always)
    private init(rawValue: UInt64) { self.rawValue = rawValue }

    /// No merge: later than all.
    static let none = Entry(rawValue: .max)

    @inline(__always)
    var merged: UInt32 { UInt32(truncatingIfNeeded: rawValue) }
  }

  /// The merges by rank.
  let merges: [Merge]
  /// The token of each byte, `UInt32.max` for a byte that the vocabulary lacks; empty where words are not bytes.
  let byteTokens: ContiguousArray<UInt32>
  /// Entry of each pair of bytes.
  private let bytePairs: ContiguousArray<Entry>
  /// Open addressing over a power of two: `left << 32 | right`, `UInt64.max` where empty, and the entries beside.
  private let keys: ContiguousArray<UInt64>
  private let entries: ContiguousArray<Entry>

  /// From merges in the order of rank; of equal pairs the last counts, as in `tokenizers`.
  init(merges given: [Merge], byteTokens: [UInt32]) {
    var capacity = 16
    while capacity < given.count * 2 { capacity *= 2 }
    var keys = ContiguousArray<UInt64>(repeating: .max, count: capacity)
    var entries = ContiguousArray<Entry>(repeating: .none, count: capacity)
    var duplicates = false
    for merge in given {
      let key = UInt64(merge.left) << 32 | UInt64(merge.right)
      var slot = Self.slot(key, capacity)
      while keys[slot] != .max, keys[slot] != key { slot = (slot + 1) & (capacity - 1) }
      if keys[slot] == key { duplicates = true }
      keys[slot] = key
      entries[slot] = Entry(rank: merge.rank, merged: merge.merged)
    }
    self.keys = keys
    self.entries = entries
    self.byteTokens = ContiguousArray(byteTokens)

    func find(_ left: UInt32, _ right: UInt32) -> Entry {
      let key = UInt64(left) << 32 | UInt64(right)
      var slot = Self.slot(key, capacity)
      while keys[slot] != .max {
        if keys[slot] == key { return entries[slot] }
        slot = (slot + 1) & (capacity - 1)
      }
      return .none
    }
    bytePairs = byteTokens.isEmpty ? [] : ContiguousArray(
      unsafeUninitializedCapacity: 1 << 16,
      initializingWith: { buffer, count in
        for first in 0..<256 {
          for second in 0..<256 {
            let absent = byteTokens[first] == .max || byteTokens[second] == .max
            buffer.initializeElement(
              at: first << 8 | second, to: absent ? .none : find(byteTokens[first], byteTokens[second]))
          }
        }
        count = 1 << 16
      })
    merges =
      duplicates
      ? given.filter { find($0.left, $0.right) == Entry(rank: $0.rank, merged: $0.merged) } : given
  }

  @inline(__always)
  private static func slot(_ key: UInt64, _ capacity: Int) -> Int {
    Int(truncatingIfNeeded: foldedProduct(key ^ 0x9e37_79b9_7f4a_7c15, 0xa076_1d64_78bd_642f)) & (capacity - 1)
  }

  /// The merge of two tokens.
  @inline(__always)
  func entry(_ left: UInt32, _ right: UInt32) -> Entry {
    let key = UInt64(left) << 32 | UInt64(right)
    let mask = keys.count - 1
    return keys.withUnsafeBufferPointer { keys in
      var slot = Self.slot(key, keys.count)
      while true {
        let found = keys[slot]
        if found == key { return entries.withUnsafeBufferPointer { $0[slot] } }
        if found == .max { return .none }
        slot = (slot + 1) & mask
      }
    }
  }

  /// The merge of the tokens of two bytes.
  @inline(__always)
  func entry(ofBytes first: UInt8, _ second: UInt8) -> Entry {
    bytePairs.withUnsafeBufferPointer { $0[Int(first) << 8 | Int(second)] }
  }
}
