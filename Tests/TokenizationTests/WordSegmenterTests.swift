import Formats
import Testing
import Tokenization

/// Words are those of Unicode's annex 29, and of our rule for Chinese and Japanese.
@Suite struct WordSegmenterTests {
  /// Cut by the `regex` package; scripts/unicode/generate_word_breaks.py.
  @Test func piecesAreThoseOfTheReference() throws {
    let cases = try #require(try Golden.json("word-breaks.json").arrayValue).map { Golden.strings($0) }
    #expect(cases.count == 1500)
    for expected in cases {
      let scalars = expected.flatMap(\.unicodeScalars)
      var found: [[UInt32]] = []
      WordSegmenter().forEachPiece(of: scalars) { range, _ in found.append(scalars[range].map(\.value)) }
      #expect(found == expected.map { $0.unicodeScalars.map(\.value) }, "\(expected)")
    }
  }

  /// The annex's own examples of flags and joiners.
  @Test func flagsGoInPairs() {
    for pieces in [
      ["a", "\u{1F1E6}\u{1F1E7}", "\u{1F1E8}", "b"], ["\u{1F1E6}\u{1F1E7}", "\u{1F1E8}", "b"],
      ["a", "\u{1F1E6}\u{1F1E7}\u{200D}", "\u{1F1E8}", "b"], ["a", "\u{1F1E6}\u{200D}\u{1F1E7}", "\u{1F1E8}", "b"],
      ["a", "\u{1F1E6}\u{1F1E7}", "\u{1F1E8}\u{1F1E9}", "b"], ["\u{200D}", "a"], ["\u{200D}\u{231A}"],
      ["\r\n", "\u{308}", "a"], ["\u{308}\u{200D}", "1"], ["a\u{308}:\u{2060}b"], ["1\u{308},\u{AD}2"], ["l'été"],
      ["a", ":\u{308}", "1"], ["a", "'"],
    ] {
      let scalars = pieces.flatMap(\.unicodeScalars)
      var found: [[Unicode.Scalar]] = []
      WordSegmenter().forEachPiece(of: scalars) { range, _ in found.append(Array(scalars[range])) }
      #expect(found == pieces.map { Array($0.unicodeScalars) }, "\(pieces)")
    }
  }

  @Test func wordsHaveLettersOrDigits() {
    let segmenter = WordSegmenter()
    #expect(
      segmenter.words(of: "It can't cost 3.14 (or 1,000) — \"really\"?") == [
        "It", "can't", "cost", "3.14", "or", "1,000", "really",
      ])
    #expect(segmenter.words(of: "snake_case x1 e\u{301}te\u{301}") == ["snake_case", "x1", "e\u{301}te\u{301}"])
    #expect(segmenter.words(of: "Жук и слон") == ["Жук", "и", "слон"])
    #expect(segmenter.words(of: " \n!?") == [] && segmenter.words(of: "") == [])
  }

  @Test func chineseAndJapaneseFollowOurRule() {
    let segmenter = WordSegmenter()
    #expect(segmenter.words(of: "你好，世界") == ["你", "好", "世", "界"])
    #expect(segmenter.words(of: "らーめん屋") == ["らーめん", "屋"])
    #expect(segmenter.words(of: "東京へようこそ、カタカナです") == ["東", "京", "へようこそ", "カタカナです"])
  }
}
