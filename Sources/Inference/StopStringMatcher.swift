/// Looks for stop strings in text that comes in pieces, wherever the pieces are cut.
///
/// The first string to be complete ends the text (of several at one place the longest), whatever the pieces. What may
/// still become a stop string is held back (Knuth, Morris and Pratt: each byte is looked at once a string).
public struct StopStringMatcher: Sendable {
  private struct Pattern: Sendable {
    let bytes: [UInt8]
    /// For each length matched the longest shorter one that may go on.
    let shorter: [Int]
    var matched = 0

    init(_ text: String) {
      bytes = Array(text.utf8)
      var shorter = [0, 0]
      for i in bytes.indices.dropFirst() {
        var length = shorter[i]
        while length > 0, bytes[length] != bytes[i] { length = shorter[length] }
        shorter.append(bytes[length] == bytes[i] ? length + 1 : 0)
      }
      self.shorter = shorter
    }

    mutating func take(_ byte: UInt8) -> Bool {
      while matched > 0, bytes[matched] != byte { matched = shorter[matched] }
      if bytes[matched] == byte { matched += 1 }
      return matched == bytes.count
    }
  }

  private var patterns: [Pattern]
  private var held: [UInt8] = []
  /// Whether a stop string has come.
  public private(set) var isFound = false

  /// A matcher of strings that are not empty.
  public init(_ strings: [String]) { patterns = strings.filter { !$0.isEmpty }.map(Pattern.init) }

  /// Takes the next piece and returns the text that is certain to stand before any stop string; nothing after one.
  public mutating func append(_ piece: String) -> String {
    if patterns.isEmpty { return piece }
    if isFound { return "" }
    for byte in piece.utf8 {
      held.append(byte)
      var longest = 0
      for i in patterns.indices where patterns[i].take(byte) { longest = max(longest, patterns[i].bytes.count) }
      if longest > 0 {
        isFound = true
        defer { held = [] }
        return String(decoding: held.dropLast(longest), as: UTF8.self)
      }
    }
    // A stop string begins with a character, so text before it ends with one.
    let kept = patterns.reduce(0) { max($0, $1.matched) }
    defer { held.removeFirst(held.count - kept) }
    return String(decoding: held.dropLast(kept), as: UTF8.self)
  }

  /// What was held back, when no more text comes.
  public mutating func finish() -> String {
    defer { held = [] }
    return String(decoding: held, as: UTF8.self)
  }
}
