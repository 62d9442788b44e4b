/// What a piece of a SentencePiece vocabulary is, by its number in the file.
enum SentencePieceKind: Int, Sendable {
  case normal = 1
  case unknown, control, userDefined, unused, byte
}

/// What SentencePiece does to text before it is cut: its character map, spaces as marks, a mark in front.
struct SentencePieceNormalizer: Sendable {
  var map: CharacterMap?
  /// A mark in front of all text (`add_dummy_prefix`).
  var addsPrefix = true
  /// No spaces at either end, and one for several (`remove_extra_whitespaces`).
  var removesExtraSpaces = false
  /// U+2581 for a space.
  var marksSpaces = true
  /// The mark comes at the end instead (`treat_whitespace_as_suffix`).
  var prefixIsSuffix = false
  /// Symbols that no map changes.
  var userDefined: ByteTrie?

  /// The changed text. A byte that is no UTF-8 becomes U+FFFD.
  func apply(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return nil }
    let scanner = ByteScanner(bytes: base, end: bytes.count)
    var place = 0
    if removesExtraSpaces {
      while place < bytes.count, case let part = part(bytes, scanner, place), part.isSpace { place = part.end }
      if place == bytes.count { return [] }
    }
    let space = marksSpaces ? Array("\u{2581}".utf8) : [0x20]
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count + bytes.count / 2 + 3)
    if addsPrefix, !prefixIsSuffix { output.append(contentsOf: space) }
    var followsSpace = removesExtraSpaces
    while place < bytes.count {
      let part = part(bytes, scanner, place)
      func append(_ text: some RandomAccessCollection<UInt8>) {
        let kept = followsSpace ? text.drop { $0 == 0x20 } : text[...]
        for byte in kept {
          if byte == 0x20 { output.append(contentsOf: space) } else { output.append(byte) }
        }
        if let last = kept.last { followsSpace = last == 0x20 }
      }
      switch part.text {
      case .same: append(bytes[place..<part.end])
      case .other(let text): append(text)
      case .broken: append([0xef, 0xbf, 0xbd])
      }
      if !removesExtraSpaces { followsSpace = false }
      place = part.end
    }
    if removesExtraSpaces {
      while output.count >= space.count, output.suffix(space.count).elementsEqual(space) {
        output.removeLast(space.count)
      }
    }
    if addsPrefix, prefixIsSuffix { output.append(contentsOf: space) }
    return output
  }

  private struct Part {
    enum Text {
      case same
      case other(ArraySlice<UInt8>)
      case broken
    }
    var end: Int
    var text: Text
    var isSpace: Bool
  }

  /// The next symbol, or the longest key of the map, and what it becomes.
  @inline(__always)
  private func part(_ bytes: UnsafeBufferPointer<UInt8>, _ scanner: ByteScanner, _ place: Int) -> Part {
    if let found = userDefined?.longestPrefix(bytes, from: place) {
      return Part(end: found.end, text: .same, isSpace: found.end == place + 1 && bytes[place] == 0x20)
    }
    if let map, let found = map.longest(bytes, place..<bytes.count) {
      return Part(end: place + found.length, text: .other(found.text), isSpace: found.text.elementsEqual([0x20]))
    }
    let (scalar, width) = scanner.scalar(at: place)
    return Part(
      end: place + width, text: scalar == ByteScanner.noScalar ? .broken : .same, isSpace: bytes[place] == 0x20)
  }
}
