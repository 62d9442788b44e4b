/// Which tokens stand before the next one, as the penalties of repetition need it.
public struct TokenHistory: Sendable {
  /// How often each token was generated; 0 for one that only the prompt holds.
  private var generated: [UInt32: Int] = [:]

  /// A history that begins with a prompt.
  public init(prompt: some Sequence<UInt32>) {
    for token in prompt { generated[token] = 0 }
  }

  /// Adds a generated token.
  public mutating func append(_ token: UInt32) { generated[token, default: 0] += 1 }

  /// The logits after the penalties of `settings`.
  func penalized(_ logits: UnsafeBufferPointer<Float>, _ settings: SamplingSettings) -> [Float] {
    var logits = Array(logits)
    // In float32, as transformers computes it.
    let repetition = Float(settings.repetitionPenalty)
    for (token, count) in generated where token < logits.count {
      var logit = logits[Int(token)]
      logit = logit < 0 ? logit * repetition : logit / repetition
      if count > 0 { logit -= Float(settings.presencePenalty + settings.frequencyPenalty * Double(count)) }
      logits[Int(token)] = logit
    }
    return logits
  }
}
