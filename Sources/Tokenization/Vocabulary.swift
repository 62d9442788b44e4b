/// The byte strings of a vocabulary, in one buffer, with an index from bytes to identifier.
struct Vocabulary: Sendable {
  private var bytes: ContiguousArray<UInt8> = []
  /// Start of each identifier's bytes, and one more; an identifier without a token has no bytes.
  private var starts: ContiguousArray<UInt32> = [0]
  /// Open addressing over a power of two: identifier + 1, or 0.
  private var slots: ContiguousArray<UInt32> = []
  /// How many identifiers have a token.
  private(set) var tokenCount = 0

  /// One more than the highest identifier.
  var count: Int { starts.count - 1 }

  /// From tokens at the index of their identifier; an empty one is a hole.
  ///
  /// Only identifiers marked in `indexed` are found by their bytes; of two with the same bytes the lower one is, but
  /// those of `second` only where no other has the bytes.
  init(tokens: [ArraySlice<UInt8>], indexed: [Bool], second: Set<UInt32> = []) {
    starts.reserveCapacity(tokens.count + 1)
    bytes.reserveCapacity(tokens.reduce(0) { $0 + $1.count })
    for token in tokens {
      bytes.append(contentsOf: token)
      starts.append(UInt32(bytes.count))
      if !token.isEmpty { tokenCount += 1 }
    }
    var capacity = 16
    while capacity < count * 2 { capacity *= 2 }
    var slots = ContiguousArray<UInt32>(repeating: 0, count: capacity)
    func index(_ id: Int) {
      let length = Int(starts[id + 1] - starts[id])
      guard length > 0 else { return }
      bytes.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        let token = base + Int(starts[id])
        var slot = Int(truncatingIfNeeded: hashOfBytes(token, length)) & (capacity - 1)
        while slots[slot] != 0 {
          if equals(Int(slots[slot]) - 1, token, length) { return }
          slot = (slot + 1) & (capacity - 1)
        }
        slots[slot] = UInt32(id) + 1
      }
    }
    for id in 0..<count where indexed[id] && (second.isEmpty || !second.contains(UInt32(id))) { index(id) }
    for id in second.sorted() where Int(id) < count && indexed[Int(id)] { index(Int(id)) }
    self.slots = slots
  }

  @inline(__always)
  private func equals(_ id: Int, _ other: UnsafePointer<UInt8>, _ length: Int) -> Bool {
    let start = Int(starts[id])
    guard Int(starts[id + 1]) - start == length else { return false }
    return bytes.withUnsafeBufferPointer { buffer in
      for offset in 0..<length where buffer[start + offset] != other[offset] { return false }
      return true
    }
  }

  /// The identifier of some bytes.
  func id(_ token: UnsafePointer<UInt8>, _ length: Int) -> UInt32? {
    guard length > 0 else { return nil }
    var slot = Int(truncatingIfNeeded: hashOfBytes(token, length)) & (slots.count - 1)
    while slots[slot] != 0 {
      let id = slots[slot] - 1
      if equals(Int(id), token, length) { return id }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// The identifier of some bytes.
  func id(_ token: some Collection<UInt8>) -> UInt32? {
    let copy = ContiguousArray(token)
    return copy.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return nil }
      return id(base, buffer.count)
    }
  }

  /// Reads the bytes of an identifier below `count`.
  @inline(__always)
  func withBytes<R>(of id: Int, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    let start = Int(starts[id])
    let end = Int(starts[id + 1])
    return bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[start..<end])) }
  }

  /// The bytes of an identifier, nil where there is no token.
  subscript(id: UInt32) -> ArraySlice<UInt8>? {
    guard id < count else { return nil }
    return withBytes(of: Int(id)) { $0.isEmpty ? nil : ArraySlice($0) }
  }

  /// Appends the bytes of an identifier; of none where there is no token.
  func append(_ id: UInt32, to output: inout [UInt8]) {
    guard id < count else { return }
    withBytes(of: Int(id)) { output.append(contentsOf: $0) }
  }
}

/// A hash of bytes, eight at a time: multiply and fold as in wyhash, with fixed constants so that it is the same in
/// every process.
@inline(__always)
func hashOfBytes(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> UInt64 {
  let raw = UnsafeRawPointer(bytes)
  var hash: UInt64 = 0x9e37_79b9_7f4a_7c15 ^ UInt64(truncatingIfNeeded: length)
  var offset = 0
  while offset + 8 <= length {
    hash = foldedProduct(hash ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self), 0xa076_1d64_78bd_642f)
    offset += 8
  }
  if offset < length {
    var tail: UInt64 = 0
    while offset < length {
      tail = tail << 8 | UInt64(bytes[offset])
      offset += 1
    }
    hash = foldedProduct(hash ^ tail, 0xe703_7ed1_a0b4_28db)
  }
  return foldedProduct(hash, 0x8ebc_6af0_9c88_c6e3)
}

/// The two halves of a 128-bit product, combined.
@inline(__always)
func foldedProduct(_ a: UInt64, _ b: UInt64) -> UInt64 {
  let product = a.multipliedFullWidth(by: b)
  return product.high ^ product.low
}
