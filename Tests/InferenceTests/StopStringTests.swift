import Inference
import Models
import Testing
import Tokenization

/// Stop strings in what a model writes, wherever its tokens are cut.
@Suite struct StopStringTests {
  /// What a text gives with stop strings, told by hand: the first to be complete ends it, of several at one place the
  /// longest.
  private static func cut(_ text: String, _ stops: [String]) -> (text: String, isFound: Bool) {
    let bytes = Array(text.utf8)
    for end in 0...bytes.count {
      let complete = stops.map { Array($0.utf8) }.filter { bytes[..<end].suffix($0.count).elementsEqual($0) }
      if let longest = complete.map(\.count).max() {
        return (String(decoding: bytes[..<(end - longest)], as: UTF8.self), true)
      }
    }
    return (text, false)
  }

  @Test func theFirstCompleteOneEndsTheTextWhereverTokensAreCut() throws {
    let language = try Tiny.model(seed: 8)
    let generator = TextGenerator(language)
    var found = 0
    for seed in 0..<60 as Range<UInt64> {
      var settings = SamplingSettings(temperature: 1.5, seed: seed, maxTokens: 40, stopAtEndOfText: false)
      let free = try generator.generate("the", settings: settings)
      // Strings that lie across the borders of tokens, and some that never come.
      let characters = Array(free.text)
      guard characters.count > 12 else { continue }
      let place = Int(seed) % (characters.count - 10)
      let stop = String(characters[place..<place + 2 + Int(seed % 5)])
      settings.stopStrings = [stop, stop + "zz", String(characters[place + 1..<place + 3]), "\u{1}never"]
      let expected = Self.cut(free.text, settings.stopStrings)
      var streamed = ""
      let own = try generator.generate("the", settings: settings) { _, text in
        streamed += text
        return true
      }
      #expect(own.text == expected.text && streamed == expected.text)
      #expect((own.reason == .stopString) == expected.isFound)
      #expect(free.tokens.starts(with: own.tokens))
      found += expected.isFound ? 1 : 0
    }
    #expect(found > 40)
  }

  @Test func whatMayBecomeOneIsHeldBackAndGivenAtTheEnd() throws {
    let language = try Tiny.model(seed: 8)
    var settings = SamplingSettings(temperature: 1.5, seed: 1, maxTokens: 30, stopAtEndOfText: false)
    let free = try TextGenerator(language).generate("the", settings: settings)
    let last = try #require(free.text.last)
    settings.stopStrings = ["\(last)\u{1}\u{2}"]
    var streamed = ""
    let held = try TextGenerator(language).generate("the", settings: settings) { _, text in
      streamed += text
      return true
    }
    #expect(held.text == free.text && streamed == free.text && held.reason == .maxTokens)
  }

  /// Pieces as a tokenizer might give them; what is told after each, and whether the text is over.
  @Test(arguments: [
    (["abc", "de"], ["c"], ["ab", ""], true),
    (["ab", "cd"], ["bc"], ["a", ""], true),
    (["ab", "xd"], ["bc"], ["a", "bxd"], false),
    (["aab", "aa", "b!"], ["aabaab"], ["", "", ""], true),
    (["aab", "aab", "aac"], ["aabaac"], ["", "aab", ""], true),
    (["User", ": hi"], ["\nUser:", "User:"], ["", ""], true),
    (["a\n", "User", ":"], ["\nUser:", "User:"], ["a", "", ""], true),
    (["über", "übel"], ["übe"], ["", "", ""], true),
    (["日", "本", "語"], ["本語", "日語"], ["", "日", ""], true),
    (["x</", "s", ">y"], ["</s>"], ["x", "", ""], true),
  ] as [([String], [String], [String], Bool)])
  func piecesByHand(pieces: [String], stops: [String], told: [String], isFound: Bool) throws {
    var matcher = StopStringMatcher(stops)
    var own: [String] = []
    for piece in pieces where !matcher.isFound { own.append(matcher.append(piece)) }
    let joined = own.joined() + matcher.finish()
    #expect(matcher.isFound == isFound)
    #expect(own == Array(told.prefix(own.count)))
    #expect(joined == Self.cut(pieces.joined(), stops).text)
  }
}
