public import Inference

/// A continuation whose probability after a context is asked for, in tokens.
public struct LikelihoodRequest: Sendable, Hashable {
  /// What stands before; never empty.
  public let context: [UInt32]
  /// What is scored; never empty.
  public let continuation: [UInt32]
  /// Tokens that the context has lost at its beginning.
  public let droppedCount: Int

  /// Joins tokens; a context that does not fit the model beside its continuation loses its beginning.
  /// - Parameter contextLength: Tokens that the model can read.
  /// - Throws: `EvaluationError` for an empty part, or a continuation that the model cannot hold.
  public init(context: [UInt32], continuation: [UInt32], contextLength: Int) throws {
    guard !context.isEmpty, !continuation.isEmpty else {
      throw EvaluationError(
        "A request", "has \(context.count) tokens of context and \(continuation.count) to score; it needs one of each")
    }
    guard continuation.count <= contextLength else {
      throw EvaluationError(
        "A text to score", "has \(continuation.count) tokens, more than the model's context of \(contextLength)")
    }
    // The last token is only predicted, never read.
    let surplus = context.count + continuation.count - 1 - contextLength
    droppedCount = max(0, surplus)
    self.context = surplus > 0 ? Array(context.dropFirst(surplus)) : context
    self.continuation = continuation
  }

  /// Tokenises a pair of texts as lm-evaluation-harness does: white space at the context's end goes to the
  /// continuation, both are tokenised as one text and cut behind the tokens that the context has alone. After an empty context the
  /// continuation follows the token that begins a text, or else the one that ends it.
  /// - Throws: `EvaluationError` where there is nothing to score, or no such token.
  public init(context: String, continuation: String, model: LanguageModel) throws {
    let scalars = context.unicodeScalars
    let end = scalars.lastIndex { !PythonText.isSpace($0) }.map { scalars.index(after: $0) } ?? scalars.startIndex
    let head = String(scalars[..<end])
    let tail = String(scalars[end...]) + continuation
    let tokenizer = model.tokenizer
    let length = model.configuration.contextLength
    if head.isEmpty {
      guard let first = tokenizer.beginningOfText ?? tokenizer.endOfText else {
        throw EvaluationError("An empty prompt", "needs a token that begins or ends a text, and the tokenizer has none")
      }
      let tokens = tokenizer.encode(tail, specialTokens: .recognised)
      // A text that brings the first token along is not given it twice.
      let rest = tokens.first == first && tokens.count > 1 ? Array(tokens.dropFirst()) : tokens
      try self.init(context: [first], continuation: rest, contextLength: length)
      return
    }
    let before = Self.encode(head, model: model)
    let whole = Self.encode(head + tail, model: model)
    guard whole.count > before.count else {
      throw EvaluationError(
        "The text \"\(tail)\"", "gets no token of its own after a context ending in \"\(head.suffix(20))\"")
    }
    try self.init(
      context: before, continuation: Array(whole.dropFirst(before.count)), contextLength: length)
  }

  /// A text's tokens with those that the tokenizer's template puts around it, unless a chat template has begun it.
  static func encode(_ text: String, model: LanguageModel) -> [UInt32] {
    let tokenizer = model.tokenizer
    let tokens = tokenizer.encode(text, specialTokens: .recognised)
    if let first = tokens.first, first == tokenizer.beginningOfText { return tokens }
    return tokenizer.addingTemplate(to: tokens)
  }

  /// The tokens that go through the model.
  var input: [UInt32] { context + continuation.dropLast() }
  /// The row of ``input`` that predicts the continuation's first token.
  var firstRow: Int { context.count - 1 }
}

/// What a model says of a continuation.
public struct Likelihood: Sendable, Equatable {
  /// Natural log of its probability, summed over its tokens.
  public var logProbability: Double
  /// Whether each of its tokens is the likeliest.
  public var isGreedy: Bool
  /// How many tokens it has.
  public var tokenCount: Int

  /// Creates a result.
  public init(logProbability: Double, isGreedy: Bool, tokenCount: Int) {
    self.logProbability = logProbability
    self.isGreedy = isGreedy
    self.tokenCount = tokenCount
  }
}
