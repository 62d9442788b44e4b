/// What a model answered, and what it took.
public struct ChatAnswer: Sendable, Equatable {
  /// The answer.
  public var generation: Generation
  /// Tokens of the conversation that were remembered and not read again.
  public var remembered: Int
  /// Seconds until the first token.
  public var readingSeconds: Double
  /// Seconds from the first token to the last.
  public var writingSeconds: Double

  /// Tokens of the conversation that were read.
  public var read: Int { generation.prompt.count - remembered }
  /// Tokens written in a second after the first; nil for fewer than two.
  public var tokensPerSecond: Double? {
    generation.tokens.count > 1 && writingSeconds > 0 ? Double(generation.tokens.count - 1) / writingSeconds : nil
  }
}
