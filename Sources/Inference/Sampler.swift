import Foundation
import Tensors

/// Chooses tokens from logits: a pure function of logits, settings and position.
///
/// The random number of a position depends on seed and position alone, so a text does not depend on how its prompt was
/// cut into pieces or on what else is generated beside it. Equally likely tokens are ordered by their number. Logits
/// that are no numbers are never chosen.
public struct Sampler: Sendable {
  /// How tokens are chosen.
  public let settings: SamplingSettings
  private let random: Philox

  /// A sampler with these settings, which must be valid.
  public init(_ settings: SamplingSettings) {
    self.settings = settings
    random = Philox(seed: settings.seed, purpose: "sampling")
  }

  /// The token at `position`, counted from the beginning of the prompt, given the logits `[vocabulary]`.
  /// - Parameter history: the tokens before it, which the penalties need; without it there are none.
  public func token(
    _ logits: UnsafeBufferPointer<Float>, position: Int, history: TokenHistory? = nil
  ) -> UInt32 {
    withPenalties(logits, history) { logits in
      let best = Self.likeliest(logits)
      guard settings.temperature > 0, !logits.isEmpty, logits[Int(best)].isFinite else { return best }
      let kept = candidates(logits, largest: logits[Int(best)])
      let total = kept.reduce(0) { $0 + $1.weight }
      var rest = uniform(position) * total
      for candidate in kept {
        rest -= candidate.weight
        if rest < 0 { return candidate.id }
      }
      return best
    }
  }

  /// The same for logits in an array.
  public func token(_ logits: [Float], position: Int, history: TokenHistory? = nil) -> UInt32 {
    logits.withUnsafeBufferPointer { token($0, position: position, history: history) }
  }

  /// The tokens that may be drawn, by number, with their probabilities, which add up to 1; temperature 0 leaves one.
  public func distribution(_ logits: [Float], history: TokenHistory? = nil) -> [(token: UInt32, probability: Double)] {
    logits.withUnsafeBufferPointer { logits in
      withPenalties(logits, history) { logits in
        let best = Self.likeliest(logits)
        guard settings.temperature > 0, !logits.isEmpty, logits[Int(best)].isFinite else { return [(best, 1)] }
        let kept = candidates(logits, largest: logits[Int(best)]).sorted { $0.id < $1.id }
        let total = kept.reduce(0) { $0 + $1.weight }
        return kept.map { ($0.id, $0.weight / total) }
      }
    }
  }

  private func withPenalties<Result>(
    _ logits: UnsafeBufferPointer<Float>, _ history: TokenHistory?, _ body: (UnsafeBufferPointer<Float>) -> Result
  ) -> Result {
    guard settings.hasPenalties, let history else { return body(logits) }
    return history.penalized(logits, settings).withUnsafeBufferPointer(body)
  }

  /// The token with the largest logit, the lower number among equals.
  public static func likeliest(_ logits: UnsafeBufferPointer<Float>) -> UInt32 {
    var best = 0
    var largest = -Float.infinity
    for (id, logit) in logits.enumerated() where logit > largest { (best, largest) = (id, logit) }
    return UInt32(best)
  }

  private struct Candidate {
    let id: UInt32
    let weight: Double
  }

  /// 53 random bits in 0 ..< 1.
  private func uniform(_ position: Int) -> Double {
    let words = random.block(UInt64(position))
    return Double((UInt64(words.x) << 32 | UInt64(words.y)) >> 11) * 0x1p-53
  }

  /// What may be drawn, with weights that are 1 for the likeliest.
  private func candidates(_ logits: UnsafeBufferPointer<Float>, largest: Float) -> [Candidate] {
    var allowed = logits.count
    var threshold = -Float.infinity
    if let topK = settings.topK, topK < logits.count {
      threshold = KthLargest.value(logits, topK)
      // Of the tokens that equal the last one, only as many as are still missing.
      allowed = topK - logits.count { $0 > threshold }
    }
    var kept: [Candidate] = []
    for (id, logit) in logits.enumerated() where logit >= threshold {
      if logit == threshold {
        if allowed == 0 { continue }
        allowed -= 1
      }
      let weight = exp(Double(logit - largest) / settings.temperature)
      if weight > 0 { kept.append(Candidate(id: UInt32(id), weight: weight)) }
    }
    return minimum(nucleus(kept))
  }

  /// What has at least its share of the likeliest one's weight, which is 1.
  private func minimum(_ candidates: [Candidate]) -> [Candidate] {
    guard let minP = settings.minP, minP > 0 else { return candidates }
    return candidates.filter { $0.weight >= minP }
  }

  private func nucleus(_ candidates: [Candidate]) -> [Candidate] {
    guard let topP = settings.topP, topP < 1 else { return candidates }
    let total = candidates.reduce(0) { $0 + $1.weight }
    // Tokens below this have together less than the mass that is left out, so none of them is in the set.
    let negligible = (1 - topP) * total / Double(candidates.count)
    let sorted = candidates.filter { $0.weight >= negligible }.sorted {
      ($1.weight, $0.id) < ($0.weight, $1.id)
    }
    var sum = 0.0
    var count = 0
    while count < sorted.count, count == 0 || sum < topP * total {
      sum += sorted[count].weight
      count += 1
    }
    return Array(sorted[..<count])
  }
}
