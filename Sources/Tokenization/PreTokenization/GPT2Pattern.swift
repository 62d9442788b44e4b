/// GPT-2's pattern, which `ByteLevel` uses in `tokenizers`:
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
enum GPT2Pattern: SplitPattern {
  /// The expression as files spell it.
  static let expression = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  @inline(__always)
  static func wordEnd(_ scanner: ByteScanner, _ start: Int) -> Int {
    let byte = scanner.bytes[start]
    if byte == 0x27, let end = contractionEnd(scanner, start) { return end }

    // All but the contractions and white space allow one space in front.
    let body = byte == 0x20 ? start + 1 : start
    guard body < scanner.end else { return scanner.end }
    let (properties, width) = scanner.symbol(at: body)
    if properties.isLetter { return scanner.skipLetters(from: body + width) }
    if properties.isWhitespace {
      return scanner.whitespaceRun(from: start).endLeavingLast(start: start, textEnd: scanner.end)
    }
    if properties.isNumber { return scanner.skipNumbers(from: body + width) }
    return scanner.skipOthers(from: body + width)
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d` at an apostrophe.
  @inline(__always)
  private static func contractionEnd(_ scanner: ByteScanner, _ start: Int) -> Int? {
    guard start + 1 < scanner.end else { return nil }
    let first = scanner.bytes[start + 1]
    switch first {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"), UInt8(ascii: "l"):
      guard start + 2 < scanner.end else { return nil }
      let second = first == UInt8(ascii: "l") ? UInt8(ascii: "l") : UInt8(ascii: "e")
      return scanner.bytes[start + 2] == second ? start + 3 : nil
    default: return nil
    }
  }
}
