/// Cutting text into words in steps, for tokenizers that no scanner of `PreTokenizer` covers.
struct Segmentation: Sendable {
  /// The steps in order.
  let steps: [SegmentationStep]
  /// Whether the words are bytes rather than text: one of the steps is `ByteLevel`.
  let isByteLevel: Bool
  /// Whether words stay in the byte alphabet, because the model knows them so.
  var keepsByteAlphabet = false

  init(_ steps: [SegmentationStep]) {
    self.steps = steps
    isByteLevel = steps.contains { if case .byteLevel = $0 { true } else { false } }
  }

  /// Cuts a text.
  /// - Parameter startsText: Whether it stands at the beginning of what is encoded.
  func apply(
    _ bytes: UnsafeBufferPointer<UInt8>, startsText: Bool, _ matcher: inout PatternMatcher
  ) -> SegmentedText {
    var text = SegmentedText(
      bytes: Array(bytes), pieces: bytes.isEmpty ? [] : [0..<bytes.count], startsText: startsText)
    var isMapped = false
    for (index, step) in steps.enumerated() {
      step.apply(&text, &matcher)
      if case .byteLevel = step, keepsByteAlphabet || index < steps.count - 1 {
        SegmentationStep.writeByteAlphabet(&text)
        isMapped = true
      }
    }
    if isMapped, !keepsByteAlphabet { SegmentationStep.readByteAlphabet(&text) }
    return text
  }

  /// The scalars that a token of a vocabulary joins with a mark (U+2581) after them; nil if the mark is no token.
  static func scalarsJoinedWithMarks(_ tokens: [ArraySlice<UInt8>]) -> Set<UInt32>? {
    let mark = Array("\u{2581}".utf8)
    guard tokens.contains(where: { $0.elementsEqual(mark) }) else { return nil }
    var joined: Set<UInt32> = []
    for token in tokens where token.count > mark.count {
      token.withUnsafeBufferPointer { token in
        guard let base = token.baseAddress else { return }
        for place in 1..<token.count - 2 where token[place] == mark[0] {
          guard token[place + 1] == mark[1], token[place + 2] == mark[2],
            let last = TextEdges.lastSymbol(token, 0..<place)
          else { continue }
          let scalar = ByteScanner(bytes: base, end: place).scalar(at: last.start).scalar
          if scalar != 0x2581 { joined.insert(scalar) }
        }
      }
    }
    return joined
  }
}
