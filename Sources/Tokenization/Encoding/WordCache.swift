/// Remembers the tokens of words of at most 16 bytes: most of a text is words seen a moment ago.
///
/// A direct-mapped table of a fixed size; a new word takes the place of the old one in its slot. One thread's.
struct WordCache {
  /// Longer words are not kept.
  static let longestWord = 16

  /// A word padded with zeros, and its length.
  struct Key: Equatable {
    var low: UInt64
    var high: UInt64
    var length: UInt32
  }

  private struct Slot {
    var low: UInt64 = 0
    var high: UInt64 = 0
    /// Length of the word in bytes, 0 for an empty slot; in the upper half the number of tokens.
    var lengths: UInt32 = 0
    /// The tokens if there are at most three, else the first is their place in `longEntries`.
    var tokens: (UInt32, UInt32, UInt32) = (0, 0, 0)
  }

  private var slots: ContiguousArray<Slot>
  private var longEntries: [UInt32] = []
  private static let longEntryLimit = 1 << 18

  /// A cache of a power of two of slots, 32 bytes each.
  init(slotCount: Int = 1 << 16) {
    slots = ContiguousArray(repeating: Slot(), count: slotCount)
  }

  /// The key of a word of 1…16 bytes; reads 16 bytes at once where `readable` says that the buffer goes on.
  @inline(__always)
  static func key(_ word: UnsafePointer<UInt8>, _ length: Int, readable: Int) -> Key {
    let raw = UnsafeRawPointer(word)
    var low: UInt64 = 0
    var high: UInt64 = 0
    if readable >= 16 {
      low = raw.loadUnaligned(as: UInt64.self)
      high = raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
      if length < 8 {
        low &= (1 &<< UInt64(truncatingIfNeeded: length &* 8)) &- 1
        high = 0
      } else if length < 16 {
        high &= (1 &<< UInt64(truncatingIfNeeded: (length &- 8) &* 8)) &- 1
      }
    } else {
      for index in 0..<min(length, 8) { low |= UInt64(word[index]) << UInt64(index * 8) }
      if length > 8 { for index in 8..<length { high |= UInt64(word[index]) << UInt64((index - 8) * 8) } }
    }
    return Key(low: low, high: high, length: UInt32(truncatingIfNeeded: length))
  }

  @inline(__always)
  private func index(_ key: Key) -> Int {
    let hash = foldedProduct(
      key.low ^ 0xa076_1d64_78bd_642f, key.high ^ UInt64(key.length) ^ 0xe703_7ed1_a0b4_28db)
    return Int(truncatingIfNeeded: hash) & (slots.count - 1)
  }

  /// Appends the tokens of a known word; false if the word is not known.
  @inline(__always)
  func append(_ key: Key, to output: inout [UInt32]) -> Bool {
    let index = index(key)
    let slot = slots.withUnsafeBufferPointer { $0[index] }
    guard slot.low == key.low, slot.high == key.high, slot.lengths & 0xffff == key.length else { return false }
    let count = Int(slot.lengths >> 16)
    if count == 1 {
      output.append(slot.tokens.0)
    } else if count <= 3 {
      if count > 0 { output.append(slot.tokens.0) }
      if count > 1 { output.append(slot.tokens.1) }
      if count > 2 { output.append(slot.tokens.2) }
    } else {
      let start = Int(slot.tokens.0)
      output.append(contentsOf: longEntries[start..<start + count])
    }
    return true
  }

  /// Keeps the tokens of a word.
  mutating func insert(_ key: Key, _ tokens: ArraySlice<UInt32>) {
    var slot = Slot(low: key.low, high: key.high, lengths: key.length | UInt32(tokens.count) << 16)
    if tokens.count <= 3 {
      let first = tokens.startIndex
      if tokens.count > 0 { slot.tokens.0 = tokens[first] }
      if tokens.count > 1 { slot.tokens.1 = tokens[first + 1] }
      if tokens.count > 2 { slot.tokens.2 = tokens[first + 2] }
    } else {
      if longEntries.count + tokens.count > Self.longEntryLimit {
        // Slots point into the list, so both start anew.
        longEntries.removeAll(keepingCapacity: true)
        slots.withUnsafeMutableBufferPointer { $0.update(repeating: Slot()) }
      }
      slot.tokens.0 = UInt32(longEntries.count)
      longEntries.append(contentsOf: tokens)
    }
    let index = index(key)
    slots[index] = slot
  }
}
