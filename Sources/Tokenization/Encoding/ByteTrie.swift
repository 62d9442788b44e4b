/// A trie over byte strings in one hash table of edges, for finding all entries that a text begins with.
struct ByteTrie: Sendable {
  /// `node << 8 | byte`, and the child; open addressing over a power of two.
  private var keys: ContiguousArray<UInt64>
  private var children: ContiguousArray<UInt32>
  private var edgeCount = 0
  /// The value of the entry that ends at a node, −1 for none.
  private var values: ContiguousArray<Int32> = [-1]

  init() {
    keys = ContiguousArray(repeating: .max, count: 64)
    children = ContiguousArray(repeating: 0, count: 64)
  }

  var isEmpty: Bool { values.count == 1 }

  /// Adds an entry; of equal ones the first counts.
  mutating func insert(_ entry: some Sequence<UInt8>, _ value: Int32) {
    var node = 0
    for byte in entry {
      let next = child(node, byte)
      if next != 0 {
        node = next
        continue
      }
      values.append(-1)
      if edgeCount * 2 >= keys.count { grow() }
      put(UInt64(node) << 8 | UInt64(byte), UInt32(values.count - 1))
      edgeCount += 1
      node = values.count - 1
    }
    if node != 0, values[node] < 0 { values[node] = value }
  }

  private mutating func put(_ key: UInt64, _ child: UInt32) {
    var slot = Self.slot(key, keys.count)
    while keys[slot] != .max { slot = (slot + 1) & (keys.count - 1) }
    keys[slot] = key
    children[slot] = child
  }

  private mutating func grow() {
    let (oldKeys, oldChildren) = (keys, children)
    keys = ContiguousArray(repeating: .max, count: oldKeys.count * 2)
    children = ContiguousArray(repeating: 0, count: oldKeys.count * 2)
    for (key, child) in zip(oldKeys, oldChildren) where key != .max { put(key, child) }
  }

  @inline(__always)
  private static func slot(_ key: UInt64, _ capacity: Int) -> Int {
    Int(truncatingIfNeeded: foldedProduct(key ^ 0x9e37_79b9_7f4a_7c15, 0xa076_1d64_78bd_642f)) & (capacity - 1)
  }

  @inline(__always)
  private func child(_ node: Int, _ byte: UInt8) -> Int {
    let key = UInt64(node) << 8 | UInt64(byte)
    return keys.withUnsafeBufferPointer { keys in
      var slot = Self.slot(key, keys.count)
      while true {
        if keys[slot] == key { return children.withUnsafeBufferPointer { Int($0[slot]) } }
        if keys[slot] == .max { return 0 }
        slot = (slot + 1) & (keys.count - 1)
      }
    }
  }

  /// Visits the entries that some bytes begin with, shortest first: end and value.
  @inline(__always)
  func forEachPrefix(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, _ body: (Int, Int32) -> Void) {
    var node = 0
    var place = start
    while place < bytes.count {
      node = child(node, bytes[place])
      if node == 0 { return }
      place += 1
      if values[node] >= 0 { body(place, values[node]) }
    }
  }

  /// The longest entry that some bytes begin with.
  func longestPrefix(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> (end: Int, value: Int32)? {
    var found: (Int, Int32)?
    forEachPrefix(bytes, from: start) { found = ($0, $1) }
    return found
  }
}
