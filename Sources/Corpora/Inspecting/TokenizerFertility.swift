public import Formats
import Tokenization

/// How well a tokenizer fits some text: tokens a word, words that are cut, bytes a token.
///
/// Words are those of `WordSegmenter` with a letter or a number in them. As in FineWeb2 and the Smol training playbook
/// each word is encoded by itself; `tokensPerWord` tells beside it what running text costs, blanks and marks included.
public struct TokenizerFertility: Sendable, Equatable {
  /// Words counted.
  public private(set) var words = 0
  /// Tokens of these words, each encoded by itself.
  public private(set) var wordTokens = 0
  /// Words of two tokens and more.
  public private(set) var continuedWords = 0
  /// Bytes of the text.
  public private(set) var bytes = 0
  /// Tokens of the text, each document encoded whole.
  public private(set) var tokens = 0

  /// Counts nothing yet.
  public init() {}

  /// Tokens a word, each word by itself; 0 without words.
  public var fertility: Double { words == 0 ? 0 : Double(wordTokens) / Double(words) }
  /// Share of words that take two tokens and more.
  public var continued: Double { words == 0 ? 0 : Double(continuedWords) / Double(words) }
  /// All tokens of the running text over its words.
  public var tokensPerWord: Double { words == 0 ? 0 : Double(tokens) / Double(words) }
  /// Bytes of the text a token.
  public var bytesPerToken: Double { tokens == 0 ? 0 : Double(bytes) / Double(tokens) }

  /// The numbers as JSON.
  public var json: JSON {
    [
      "words": JSON(words), "bytes": JSON(bytes), "tokens": JSON(tokens), "fertility": JSON(fertility),
      "continued_words": JSON(continued), "tokens_per_word": JSON(tokensPerWord),
      "bytes_per_token": JSON(bytesPerToken),
    ]
  }

  /// Adds a document's tokens in running text.
  mutating func add(documentBytes: Int, tokens: Int) {
    bytes += documentBytes
    self.tokens += tokens
  }

  /// Adds a word that stands in the text so many times.
  mutating func add(wordTokens count: Int, times: Int) {
    words += times
    wordTokens += count * times
    if count >= 2 { continuedWords += times }
  }
}
