/// A prompt and what is wanted after it.
public struct GenerationRequest: Sendable {
  /// The prompt's tokens.
  public var prompt: [UInt32]
  /// How tokens are chosen and when the text ends.
  public var settings: SamplingSettings
  /// Texts to write after the prompt, which is read once for all of them. Text `i`, from 0, is the one that
  /// `settings.seed + i` gives alone.
  public var samples = 1
  /// Report the log-probability of each generated token, and of so many of the likeliest at its place; nil: none.
  public var logProbabilities: Int?
  /// The same for the prompt's tokens.
  public var promptLogProbabilities: Int?
  /// A memory to go on from: what it shares with the prompt is not read again. Nobody else may use it meanwhile.
  public var memory: PromptMemory?
  /// Whether the memory is handed back with the end of the text.
  public var keepsMemory = false

  /// A prompt with settings.
  public init(_ prompt: [UInt32], settings: SamplingSettings) {
    self.prompt = prompt
    self.settings = settings
  }

  /// Refuses what no model can do.
  /// - Throws: `InferenceError` naming the setting, its value and what is allowed.
  public func check() throws(InferenceError) {
    try settings.check()
    guard samples >= 1 else { throw InferenceError("samples", "is \(samples); it must be 1 or more") }
    for (name, count) in [("logprobs", logProbabilities), ("prompt-logprobs", promptLogProbabilities)] {
      if let count, count < 0 { throw InferenceError(name, "is \(count); it must be 0 or more") }
    }
    guard samples == 1 || (memory == nil && !keepsMemory) else {
      throw InferenceError("samples", "is \(samples); a memory goes on in one way only")
    }
  }
}

/// Something that a batch has to say of one of its texts: a token, its end, or both.
public struct GenerationPiece: Sendable {
  /// Number of the request, in the order in which they were added.
  public var request: Int
  /// Number of the text among the request's.
  public var sample: Int
  /// The token; nil where only the end is told.
  public var token: UInt32?
  /// Text that is certain with it, often none: within a character, or where a stop string may have begun.
  public var text: String
  /// The whole text, where this is its end.
  public var generation: Generation?
  /// What has been read, where this is the end and it was asked for.
  public var memory: PromptMemory?
}
