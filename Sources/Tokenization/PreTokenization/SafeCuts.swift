extension PreTokenizer {
  /// Cuts text into pieces of about a size, such that the words of the pieces are the words of the text.
  ///
  /// A cut falls between a single line end, which follows a printable ASCII character, and an ASCII letter: no pattern
  /// takes both sides into one word, and none looks further. Text without such places stays whole.
  func pieces(_ bytes: UnsafeBufferPointer<UInt8>, of size: Int) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var start = 0
    while pattern != .none, bytes.count - start > size, let cut = Self.cut(bytes, from: start + size) {
      pieces.append(start..<cut)
      start = cut
    }
    if start < bytes.count { pieces.append(start..<bytes.count) }
    return pieces
  }

  private static func cut(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    var place = max(start, 2)
    while place < bytes.count {
      if bytes[place - 1] == 0x0a, (bytes[place] | 0x20) &- 0x61 < 26, bytes[place - 2] &- 0x21 < 0x5e { return place }
      place += 1
    }
    return nil
  }
}
