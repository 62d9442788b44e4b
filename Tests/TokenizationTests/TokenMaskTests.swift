import Testing
import Tokenization

/// Pieces of a text find their tokens.
@Suite struct TokenMaskTests {
  @Test func tokensThatShareAByteCount() throws {
    let tokenizer = try Golden.tokenizer("gpt2")
    let text = "Hello there, 世界! Ünder the bridge."
    let ids = tokenizer.encode(text)
    let lengths = ids.map { tokenizer.decode([$0]).count }
    #expect(lengths.reduce(0, +) == text.utf8.count && lengths.contains { $0 > 1 })
    for pieces in [[], [0..<1], [1..<3, 9..<20], [0..<text.utf8.count], [4..<4], [14..<15, 15..<16]] {
      var place = 0
      let expected = lengths.map { length in
        defer { place += length }
        return pieces.contains { $0.lowerBound < place + length && place < $0.upperBound && !$0.isEmpty }
      }
      #expect(try tokenizer.mask(ids, of: text, in: pieces) == expected, "\(pieces)")
    }
  }

  @Test func tokensOfAnotherTextAreRefused() throws {
    let tokenizer = try Golden.tokenizer("gpt2")
    let ids = tokenizer.encode("Hello there")
    #expect(throws: TokenizerError.self) { try tokenizer.mask(ids, of: "Hello where", in: []) }
    #expect(throws: TokenizerError.self) { try tokenizer.mask(ids, of: "Hello", in: []) }
    #expect(throws: TokenizerError.self) { try tokenizer.mask(ids, of: "Hello there!", in: []) }
    #expect(throws: TokenizerError.self) { try tokenizer.mask([.max], of: "H", in: []) }
  }
}
