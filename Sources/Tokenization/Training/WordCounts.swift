/// How often each word occurs: a hash table over one buffer of bytes. One thread's.
struct WordCounts {
  private struct Slot {
    var hash: UInt64
    /// Word number + 1, 0 for empty.
    var word: UInt32
  }

  private var slots: ContiguousArray<Slot>
  private var bytes: ContiguousArray<UInt8> = []
  private var starts: ContiguousArray<Int> = [0]
  /// How often each word was added.
  private(set) var counts: ContiguousArray<Int64> = []

  /// How many different words there are.
  var count: Int { counts.count }

  init() {
    slots = ContiguousArray(repeating: Slot(hash: 0, word: 0), count: 1 << 12)
  }

  /// Adds some occurrences of a word.
  @inline(__always)
  mutating func add(_ word: UnsafePointer<UInt8>, _ length: Int, times: Int64 = 1) {
    let hash = hashOfBytes(word, length)
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let found = slots[slot]
      if found.word == 0 { break }
      if found.hash == hash, equals(Int(found.word) - 1, word, length) {
        counts[Int(found.word) - 1] += times
        return
      }
      slot = (slot + 1) & mask
    }
    insert(word, length, times, hash, slot)
  }

  @inline(never)
  private mutating func insert(
    _ word: UnsafePointer<UInt8>, _ length: Int, _ times: Int64, _ hash: UInt64, _ slot: Int
  ) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: word, count: length))
    starts.append(bytes.count)
    counts.append(times)
    slots[slot] = Slot(hash: hash, word: UInt32(counts.count))
    if counts.count * 2 > slots.count { grow() }
  }

  private mutating func grow() {
    var larger = ContiguousArray(repeating: Slot(hash: 0, word: 0), count: slots.count * 2)
    let mask = larger.count - 1
    for slot in slots where slot.word != 0 {
      var place = Int(truncatingIfNeeded: slot.hash) & mask
      while larger[place].word != 0 { place = (place + 1) & mask }
      larger[place] = slot
    }
    slots = larger
  }

  @inline(__always)
  private func equals(_ word: Int, _ other: UnsafePointer<UInt8>, _ length: Int) -> Bool {
    let start = starts[word]
    guard starts[word + 1] - start == length else { return false }
    return bytes.withUnsafeBufferPointer { buffer in
      for offset in 0..<length where buffer[start + offset] != other[offset] { return false }
      return true
    }
  }

  /// Reads the bytes of a word.
  func withBytes<R>(of word: Int, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[starts[word]..<starts[word + 1]])) }
  }

  /// Adds all words of another table.
  mutating func add(_ other: WordCounts) {
    for word in 0..<other.count {
      other.withBytes(of: word) { buffer in
        if let base = buffer.baseAddress { add(base, buffer.count, times: other.counts[word]) }
      }
    }
  }
}
