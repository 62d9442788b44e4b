/// What a model wrote after a prompt.
public struct Generation: Sendable, Equatable {
  /// Why it ended.
  public enum EndReason: String, Sendable, CaseIterable {
    /// The model ended the text.
    case endOfText = "end_of_text"
    /// A stop string came.
    case stopString = "stop_string"
    /// As many tokens as were asked for.
    case maxTokens = "max_tokens"
    /// Prompt and text fill the model's context.
    case contextLength = "context_length"
    /// The caller had enough.
    case stopped
  }

  /// The prompt's tokens.
  public var prompt: [UInt32]
  /// The generated tokens, without the one that ended the text, but with those of a stop string.
  public var tokens: [UInt32]
  /// Their text before a stop string, special tokens left out; bytes that are not UTF-8 become U+FFFD.
  public var text: String
  /// Why it ended.
  public var reason: EndReason
  /// One for each generated token, if asked for.
  public var logProbabilities: [TokenLogProbability]?
  /// One for each token of the prompt but the first, which nothing stands before, if asked for.
  public var promptLogProbabilities: [TokenLogProbability]?
}
