/// How the next token is chosen and when generation ends.
///
/// Logits are changed in the order of transformers: the penalties, then temperature, `topK`, `topP` and `minP`, each on
/// what the one before has left. Temperature 0 takes the likeliest token after the penalties.
public struct SamplingSettings: Sendable, Equatable {
  /// What logits are divided by: 0 takes the likeliest token, 1 draws from the model's own distribution.
  public var temperature: Double
  /// Draw from the `topK` likeliest tokens only; nil: from all.
  public var topK: Int?
  /// Draw from the smallest set of likeliest tokens that together have this probability (nucleus sampling,
  /// arXiv:1904.09751), after `topK`; nil: from all.
  public var topP: Double?
  /// Draw from the tokens that have at least this share of the likeliest one's probability (arXiv:2407.01082), after
  /// `topP`; nil: from all.
  public var minP: Double?
  /// Above 1 makes every token of prompt and text less likely to come again, below 1 more (arXiv:1909.05858): its logit
  /// is divided by this if it is positive and multiplied if it is negative, once however often it stood there.
  public var repetitionPenalty: Double = 1
  /// Taken from the logit of every token that the text holds, the prompt not counted.
  public var presencePenalty: Double = 0
  /// Taken from the logit of a token as often as the text holds it, the prompt not counted.
  public var frequencyPenalty: Double = 0
  /// The same seed gives the same text.
  public var seed: UInt64
  /// Most tokens that are generated.
  public var maxTokens: Int
  /// Whether a token that ends a text ends the generation.
  public var stopAtEndOfText: Bool
  /// Texts that end the generation, wherever tokens are cut; the first to be complete ends it, and the text returned
  /// ends before it.
  public var stopStrings: [String] = []

  /// Creates settings; by default the model's own distribution.
  public init(
    temperature: Double = 1, topK: Int? = nil, topP: Double? = nil, minP: Double? = nil, seed: UInt64 = 0,
    maxTokens: Int = 256, stopAtEndOfText: Bool = true
  ) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.minP = minP
    self.seed = seed
    self.maxTokens = maxTokens
    self.stopAtEndOfText = stopAtEndOfText
  }

  /// The likeliest token each time.
  public static func greedy(maxTokens: Int, stopAtEndOfText: Bool = true) -> SamplingSettings {
    SamplingSettings(temperature: 0, maxTokens: maxTokens, stopAtEndOfText: stopAtEndOfText)
  }

  /// Whether logits depend on the tokens before them by more than the model.
  var hasPenalties: Bool { repetitionPenalty != 1 || presencePenalty != 0 || frequencyPenalty != 0 }

  /// Refuses values that mean nothing.
  /// - Throws: `InferenceError` naming the setting, its value and what is allowed.
  public func check() throws(InferenceError) {
    guard temperature.isFinite, temperature >= 0 else {
      throw InferenceError("temperature", "is \(temperature); it must be 0 or more")
    }
    if let topK, topK < 1 { throw InferenceError("top-k", "is \(topK); it must be 1 or more") }
    if let topP, !(topP > 0 && topP <= 1) {
      throw InferenceError("top-p", "is \(topP); it must be above 0 and at most 1")
    }
    if let minP, !(minP >= 0 && minP <= 1) {
      throw InferenceError("min-p", "is \(minP); it must be from 0 to 1")
    }
    guard repetitionPenalty.isFinite, repetitionPenalty > 0 else {
      throw InferenceError("repetition-penalty", "is \(repetitionPenalty); it must be above 0, and 1 changes nothing")
    }
    for (name, value) in [("presence-penalty", presencePenalty), ("frequency-penalty", frequencyPenalty)]
    where !value.isFinite {
      throw InferenceError(name, "is \(value); it must be a number, and 0 changes nothing")
    }
    guard maxTokens >= 0 else { throw InferenceError("max-tokens", "is \(maxTokens); it must be 0 or more") }
    if stopStrings.contains("") { throw InferenceError("stop", "is an empty text; it must have a character or more") }
  }
}
