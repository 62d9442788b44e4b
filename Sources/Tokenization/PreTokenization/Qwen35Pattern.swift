/// Qwen 3.5's pattern: Qwen2's with marks counted as letters:
/// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|…`
enum Qwen35Pattern: SplitPattern {
  /// The expression as files spell it.
  static let expression =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|"#
    + #"\s+(?!\S)|\s+"#

  @inline(__always)
  static func wordEnd(_ scanner: ByteScanner, _ start: Int) -> Int {
    let byte = scanner.bytes[start]
    if byte == 0x27, let end = Contraction.end(scanner, start) { return end }
    let (properties, width) = scanner.symbol(at: start)
    let next = start + width
    if isWordPart(properties) { return skipWord(scanner, next) }
    if properties.isNumber { return next }
    if byte != 0x0a, byte != 0x0d, next < scanner.end {
      let (following, followingWidth) = scanner.symbol(at: next)
      if isWordPart(following) { return skipWord(scanner, next + followingWidth) }
      if byte == 0x20, following.isOther {
        return scanner.skipNewlines(from: skipOthers(scanner, next + followingWidth))
      }
    }
    if !properties.isWhitespace { return scanner.skipNewlines(from: skipOthers(scanner, next)) }
    let run = scanner.whitespaceRun(from: start)
    return run.newlineEnd ?? run.endLeavingLast(start: start, textEnd: scanner.end)
  }

  /// `[\p{L}\p{M}]`
  @inline(__always)
  private static func isWordPart(_ properties: ScalarProperties) -> Bool {
    properties.rawValue & 0x1f <= GeneralCategory.enclosingMark.rawValue
  }

  @inline(__always)
  private static func skipWord(_ scanner: ByteScanner, _ start: Int) -> Int {
    var place = start
    while place < scanner.end, case let (properties, width) = scanner.symbol(at: place), isWordPart(properties) {
      place += width
    }
    return place
  }

  /// End of `[^\s\p{L}\p{M}\p{N}]*`.
  @inline(__always)
  private static func skipOthers(_ scanner: ByteScanner, _ start: Int) -> Int {
    var place = start
    while place < scanner.end, case let (properties, width) = scanner.symbol(at: place), properties.isOther,
      !isWordPart(properties)
    { place += width }
    return place
  }
}
