/// How the next token is chosen and when generation ends.
public struct SamplingSettings: Sendable, Equatable {
  /// What logits are divided by: 0 takes the likeliest token, 1 draws from the model's own distribution.
  public var temperature: Double
  /// Draw from the `topK` likeliest tokens only; nil: from all.
  public var topK: Int?
  /// Draw from the smallest set of likeliest tokens that together have this probability (nucleus sampling,
  /// arXiv:1904.09751), after `topK`; nil: from all.
  public var topP: Double?
  /// The same seed gives the same text.
  public var seed: UInt64
  /// Most tokens that are generated.
  public var maxTokens: Int
  /// Whether a token that ends a text ends the generation.
  public var stopAtEndOfText: Bool

  /// Creates settings; by default the model's own distribution.
  public init(
    temperature: Double = 1, topK: Int? = nil, topP: Double? = nil, seed: UInt64 = 0, maxTokens: Int = 256,
    stopAtEndOfText: Bool = true
  ) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.seed = seed
    self.maxTokens = maxTokens
    self.stopAtEndOfText = stopAtEndOfText
  }

  /// The likeliest token each time.
  public static func greedy(maxTokens: Int, stopAtEndOfText: Bool = true) -> SamplingSettings {
    SamplingSettings(temperature: 0, maxTokens: maxTokens, stopAtEndOfText: stopAtEndOfText)
  }

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
    guard maxTokens >= 0 else { throw InferenceError("max-tokens", "is \(maxTokens); it must be 0 or more") }
  }
}
