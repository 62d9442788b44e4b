/// Finds added tokens in text: from left to right, of those that start at one place the longest (a byte trie).
struct AddedTokenMatcher: Sendable {
  /// A stretch of text, or a token found.
  enum Piece {
    case text(Range<Int>)
    case token(UInt32)
  }

  private struct Edge {
    var byte: UInt8
    var node: Int32
  }

  private var edges: [[Edge]] = [[]]
  /// Index into `tokens` of the token that ends at a node, −1 for none.
  private var accepted: [Int32] = [-1]
  private var startsToken = [Bool](repeating: false, count: 256)
  private let tokens: [AddedToken]

  /// Whether there is nothing to find.
  var isEmpty: Bool { tokens.isEmpty }
  /// Whether all tokens are special.
  let isAllSpecial: Bool

  /// - Parameter spelling: The bytes that a token is found by.
  init(_ given: [AddedToken], spelling: (AddedToken) -> [UInt8] = { Array($0.content.utf8) }) {
    tokens = given.filter { !$0.content.isEmpty }
    isAllSpecial = tokens.allSatisfy(\.isSpecial)
    for (index, token) in tokens.enumerated() {
      var node = 0
      for byte in spelling(token) {
        if node == 0 { startsToken[Int(byte)] = true }
        if let next = child(node, byte) {
          node = next
        } else {
          edges.append([])
          accepted.append(-1)
          edges[node].append(Edge(byte: byte, node: Int32(edges.count - 1)))
          node = edges.count - 1
        }
      }
      if node != 0 { accepted[node] = Int32(index) }
    }
  }

  @inline(__always)
  private func child(_ node: Int, _ byte: UInt8) -> Int? {
    for edge in edges[node] where edge.byte == byte { return Int(edge.node) }
    return nil
  }

  /// The longest token that starts at a place: its index and end.
  private func longestMatch(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> (Int, Int)? {
    var node = 0
    var place = start
    var found: (Int, Int)?
    while place < end, let next = child(node, bytes[place]) {
      node = next
      place += 1
      if accepted[node] >= 0 { found = (Int(accepted[node]), place) }
    }
    return found
  }

  /// Cuts a range of text at its added tokens. Where special tokens count as text, one that is found is passed over as
  /// a whole, as in `tokenizers`.
  func forEachPiece(
    in bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, specialTokens: SpecialTokenHandling,
    _ body: (Piece) -> Void
  ) {
    var textStart = range.lowerBound
    var place = range.lowerBound
    while place < range.upperBound {
      guard startsToken[Int(bytes[place])], let (index, matchEnd) = longestMatch(bytes, place, range.upperBound)
      else {
        place += 1
        continue
      }
      let token = tokens[index]
      var start = place
      var end = matchEnd
      place = matchEnd
      if token.isSpecial, specialTokens == .asText { continue }
      if token.singleWord, isWord(bytes, endingAt: start, range) || isWord(bytes, startingAt: end, range) { continue }
      if token.leftStrip {
        start = TextEdges.trailingWhitespaceStart(bytes, range.lowerBound..<start)
        start = max(start, textStart)
      }
      if token.rightStrip { end = TextEdges.leadingWhitespaceEnd(bytes, end..<range.upperBound) }
      if textStart < start { body(.text(textStart..<start)) }
      body(.token(token.id))
      textStart = end
      place = max(place, end)
    }
    if textStart < range.upperBound { body(.text(textStart..<range.upperBound)) }
  }

  private func isWord(_ bytes: UnsafeBufferPointer<UInt8>, startingAt place: Int, _ range: Range<Int>) -> Bool {
    TextEdges.firstProperties(bytes, place..<range.upperBound)?.isWord ?? false
  }

  private func isWord(_ bytes: UnsafeBufferPointer<UInt8>, endingAt place: Int, _ range: Range<Int>) -> Bool {
    TextEdges.lastSymbol(bytes, range.lowerBound..<place)?.properties.isWord ?? false
  }
}

/// Reads the symbols at the two ends of a stretch of text.
enum TextEdges {
  /// Properties of the first symbol.
  static func firstProperties(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> ScalarProperties? {
    guard let base = bytes.baseAddress, !range.isEmpty else { return nil }
    return ByteScanner(bytes: base, end: range.upperBound).symbol(at: range.lowerBound).properties
  }

  /// The last symbol: properties and where it starts.
  static func lastSymbol(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>
  ) -> (properties: ScalarProperties, start: Int)? {
    guard let base = bytes.baseAddress, !range.isEmpty else { return nil }
    let scanner = ByteScanner(bytes: base, end: range.upperBound)
    var start = range.upperBound - 1
    while start > max(range.lowerBound, range.upperBound - 4), bytes[start] & 0xc0 == 0x80 { start -= 1 }
    let (properties, width) = scanner.symbol(at: start)
    // Trailing bytes that do not belong to the sequence before them are symbols of their own.
    if start + width == range.upperBound { return (properties, start) }
    return (.illFormed, range.upperBound - 1)
  }

  /// End of the white space at the front.
  static func leadingWhitespaceEnd(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int {
    guard let base = bytes.baseAddress else { return range.lowerBound }
    let scanner = ByteScanner(bytes: base, end: range.upperBound)
    return range.isEmpty ? range.lowerBound : scanner.whitespaceRun(from: range.lowerBound).end
  }

  /// Start of the white space at the back.
  static func trailingWhitespaceStart(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int {
    var end = range.upperBound
    while let last = lastSymbol(bytes, range.lowerBound..<end), last.properties.isWhitespace { end = last.start }
    return end
  }
}
