/// English contractions, whatever their case.
enum Contraction {
  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)` at an apostrophe. Besides the other case of each letter, U+017F (ſ) folds to s.
  @inline(__always)
  static func end(_ scanner: ByteScanner, _ start: Int) -> Int? {
    guard start + 1 < scanner.end else { return nil }
    let first = scanner.bytes[start + 1] | 0x20
    switch first {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"), UInt8(ascii: "l"):
      guard start + 2 < scanner.end else { return nil }
      let second = first == UInt8(ascii: "l") ? UInt8(ascii: "l") : UInt8(ascii: "e")
      return scanner.bytes[start + 2] | 0x20 == second ? start + 3 : nil
    case 0xe5:  // 0xc5 | 0x20
      guard start + 2 < scanner.end, scanner.bytes[start + 1] == 0xc5, scanner.bytes[start + 2] == 0xbf else {
        return nil
      }
      return start + 3
    default: return nil
    }
  }
}
