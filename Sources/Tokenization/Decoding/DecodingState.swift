/// Decodes tokens one after another: what depends on the tokens before is kept here.
struct DecodingState: Sendable {
  private let model: TokenizerModel
  private let decoder: TokenDecoder
  private var isFirst = true
  private var matcher = PatternMatcher()
  /// How much is still to be taken off the beginning.
  private var leftToTrim: Int
  /// What may turn out to be the end of the text, of which something goes.
  private var held: [UInt8] = []
  private let hasWordSuffix: Bool

  init(_ model: TokenizerModel) {
    self.model = model
    decoder = model.decoder
    leftToTrim = decoder.trim?.start ?? 0
    hasWordSuffix = decoder.steps.contains { if case .wordSuffix = $0 { true } else { false } }
  }

  /// Appends the bytes of the next token.
  mutating func append(_ id: UInt32, to output: inout [UInt8]) {
    guard !decoder.isVerbatim else {
      model.vocabulary.append(id, to: &output)
      return
    }
    guard let token = model.vocabulary[id] else { return }
    var text = decoder.render(token, isFirst: isFirst, &matcher)
    if decoder.joinsWithSpaces, !isFirst { output.append(0x20) }
    isFirst = false
    if let content = decoder.trim?.content, !content.isEmpty {
      while leftToTrim > 0, !text.isEmpty {
        guard text.starts(with: content) else {
          leftToTrim = 0
          break
        }
        text = text.dropFirst(content.count)
        leftToTrim -= 1
      }
    }
    let limit = hasWordSuffix ? 1 : decoder.trim?.stop ?? 0
    guard limit > 0 else {
      output.append(contentsOf: text)
      return
    }
    held.append(contentsOf: text)
    let end = endToHold(limit)
    output.append(contentsOf: held[..<end])
    held.removeFirst(end)
  }

  /// Appends what was held back and does not go.
  mutating func finish(into output: inout [UInt8]) {
    let limit = hasWordSuffix ? 1 : decoder.trim?.stop ?? 0
    if limit > 0 { output.append(contentsOf: held[..<endToHold(limit)]) }
    held = []
  }

  /// Where the characters at the end of what is held begin that may go.
  private func endToHold(_ limit: Int) -> Int {
    let content = hasWordSuffix ? [0x20] : decoder.trim?.content ?? []
    var end = held.count
    for _ in 0..<limit where end >= content.count && held[..<end].suffix(content.count).elementsEqual(content) {
      end -= content.count
    }
    return end
  }
}
