/// A compiled map of character sequences, as SentencePiece models carry it (`precompiled_charsmap`): a double-array
/// trie (Yata, "An Efficient Implementation of Trie Structures", as in darts-clone) and the texts that its leaves name.
struct CharacterMap: Sendable {
  private let units: [UInt32]
  private let texts: [UInt8]

  /// Reads the map: the trie's size in bytes, its units, then texts that end with zeros.
  init?(_ bytes: some Collection<UInt8>) {
    let bytes = Array(bytes)
    guard bytes.count >= 4 else { return nil }
    func unit(_ place: Int) -> UInt32 {
      UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place + 2]) << 16 | UInt32(bytes[place + 3])
        << 24
    }
    let size = Int(unit(0))
    guard size % 4 == 0, size > 0, size <= bytes.count - 4 else { return nil }
    units = stride(from: 4, to: 4 + size, by: 4).map(unit)
    texts = Array(bytes[(4 + size)...])
  }

  /// Visits the values of all keys that the bytes from a place on begin with, shortest first.
  @inline(__always)
  private func forEachPrefix(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ body: (Int, Int) -> Bool) {
    var node = 0
    node ^= Self.offset(units[0])
    for place in range {
      let byte = bytes[place]
      guard byte != 0 else { return }
      node ^= Int(byte)
      guard node < units.count, case let unit = units[node], unit & (1 << 31 | 0xff) == UInt32(byte) else { return }
      node ^= Self.offset(unit)
      guard node < units.count else { return }
      if unit >> 8 & 1 != 0, !body(place + 1 - range.lowerBound, Int(units[node] & (1 << 31 - 1))) { return }
    }
  }

  private static func offset(_ unit: UInt32) -> Int { Int((unit >> 10) << ((unit & (1 << 9)) >> 6)) }

  /// The text at a value.
  private func text(at value: Int) -> ArraySlice<UInt8> {
    guard value < texts.count else { return [] }
    return texts[value...].prefix { $0 != 0 }
  }

  /// The longest key at a place: its length and its text.
  func longest(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> (length: Int, text: ArraySlice<UInt8>)? {
    var found: (Int, Int)?
    var count = 0
    forEachPrefix(bytes, range) { length, value in
      found = (length, value)
      count += 1
      return count < 32
    }
    return found.map { ($0.0, text(at: $0.1)) }
  }

  /// The text of the shortest key that some bytes begin with.
  private func shortest(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> ArraySlice<UInt8>? {
    var found: Int?
    forEachPrefix(bytes, range) { _, value in
      found = value
      return false
    }
    return found.map { text(at: $0) }
  }

  /// The changed text as `tokenizers` makes it with `Precompiled`: a short grapheme cluster is looked up as a whole,
  /// and what its first key says stands for all of it; otherwise each scalar is looked up.
  func applyByCluster(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    var changed = false
    for cluster in String(decoding: bytes, as: UTF8.self) {
      let text = Array(cluster.utf8)
      text.withUnsafeBufferPointer { text in
        if text.count < 6, let replacement = shortest(text, 0..<text.count) {
          changed = true
          output.append(contentsOf: replacement)
          return
        }
        var start = 0
        for scalar in cluster.unicodeScalars {
          let end = start + UTF8.width(scalar)
          if let replacement = shortest(text, start..<end) {
            changed = true
            output.append(contentsOf: replacement)
          } else {
            output.append(contentsOf: text[start..<end])
          }
          start = end
        }
      }
    }
    return changed ? output : nil
  }
}
