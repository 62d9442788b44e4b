import Foundation
import Inference
import Tensors
import Testing

/// Laws of the sampler, over random logits.
@Suite struct SamplerTests {
  private static func logits(_ count: Int, seed: UInt64, spread: Float = 2) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    values.withUnsafeMutableBufferPointer {
      Philox(seed: seed, purpose: "logits").fillNormal($0, standardDeviation: spread)
    }
    return values
  }

  private static func softmax(_ logits: [Float], temperature: Double) -> [Double] {
    let top = Double(logits.max() ?? 0)
    let weights = logits.map { exp((Double($0) - top) / temperature) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  /// Numbers of the tokens from the likeliest down, the lower number first among equals.
  private static func ranking(_ logits: [Float]) -> [UInt32] {
    logits.indices.sorted { (logits[$1], $0) < (logits[$0], $1) }.map { UInt32($0) }
  }

  private static func draws(_ settings: SamplingSettings, _ logits: [Float], count: Int) -> [UInt32] {
    let sampler = Sampler(settings)
    return (0..<count).map { sampler.token(logits, position: $0) }
  }

  @Test(arguments: 1...20) func zeroTemperatureTakesTheLargest(seed: UInt64) {
    let logits = Self.logits(257, seed: seed)
    let sampler = Sampler(SamplingSettings(temperature: 0, topK: 7, topP: 0.5, seed: seed))
    #expect(sampler.token(logits, position: 3) == Self.ranking(logits)[0])
    #expect(Self.draws(SamplingSettings(temperature: 1e-6, seed: seed), logits, count: 50)
      .allSatisfy { $0 == Self.ranking(logits)[0] })
  }

  @Test func equalLogitsGoToTheLowerNumber() {
    let logits: [Float] = [0, 3, 1, 3, 3]
    #expect(Sampler(.greedy(maxTokens: 1)).token(logits, position: 0) == 1)
    #expect(Set(Self.draws(SamplingSettings(topK: 2), logits, count: 500)) == [1, 3])
    #expect(Set(Self.draws(SamplingSettings(topP: 0.5), logits, count: 500)) == [1, 3])
    #expect(Set(Self.draws(SamplingSettings(topK: 1), logits, count: 50)) == [1])
  }

  @Test(arguments: [1, 2, 5, 40, 299]) func topKDrawsFromExactlyTheLikeliest(k: Int) {
    let logits = Self.logits(300, seed: UInt64(k))
    // Hot enough that each of them comes up among so many draws.
    let drawn = Set(Self.draws(SamplingSettings(temperature: 50, topK: k), logits, count: 30 * k + 200))
    let allowed = Set(Self.ranking(logits).prefix(k))
    #expect(drawn.isSubset(of: allowed))
    #expect(drawn.count >= k * 99 / 100)
  }

  @Test(arguments: [0.05, 0.3, 0.7, 0.95]) func topPDrawsFromExactlyTheNucleus(p: Double) {
    let logits = Self.logits(60, seed: 5, spread: 1)
    let probabilities = Self.softmax(logits, temperature: 1)
    var nucleus: Set<UInt32> = []
    var sum = 0.0
    for id in Self.ranking(logits) where sum < p {
      nucleus.insert(id)
      sum += probabilities[Int(id)]
    }
    #expect(Set(Self.draws(SamplingSettings(topP: p), logits, count: 20_000)) == nucleus)
  }

  @Test func topPCountsWithinTopK() {
    // Of the two likeliest the first has 0.73 of what the two have together, but only 0.42 of everything.
    let logits: [Float] = [1, 0, 0.5, 2]
    #expect(Set(Self.draws(SamplingSettings(topK: 2, topP: 0.7), logits, count: 300)) == [3])
    #expect(Set(Self.draws(SamplingSettings(topP: 0.7), logits, count: 300)) == [3, 0])
  }

  @Test func limitsThatLeaveEverythingChangeNothing() {
    let logits = Self.logits(100, seed: 9)
    let plain = Self.draws(SamplingSettings(seed: 4), logits, count: 400)
    #expect(Self.draws(SamplingSettings(topK: 100, topP: 1, seed: 4), logits, count: 400) == plain)
    #expect(Self.draws(SamplingSettings(topK: 5000, seed: 4), logits, count: 400) == plain)
  }

  @Test(arguments: [0.5, 1, 3, 1e6]) func frequenciesFollowTheSoftmax(temperature: Double) {
    let logits = Self.logits(12, seed: 11)
    let count = 40_000
    var seen = [Int](repeating: 0, count: logits.count)
    let settings = SamplingSettings(temperature: temperature, seed: 2)
    for id in Self.draws(settings, logits, count: count) { seen[Int(id)] += 1 }
    for (probability, seen) in zip(Self.softmax(logits, temperature: temperature), seen) {
      let deviation = (Double(count) * probability * (1 - probability)).squareRoot()
      #expect(abs(Double(seen) - Double(count) * probability) < 5 * deviation + 1)
    }
  }

  @Test func seedAndPositionDecideAlone() {
    let logits = Self.logits(500, seed: 1)
    let first = Self.draws(SamplingSettings(seed: 7), logits, count: 100)
    #expect(Self.draws(SamplingSettings(seed: 7), logits, count: 100) == first)
    #expect(Self.draws(SamplingSettings(seed: 8), logits, count: 100) != first)
    #expect(Sampler(SamplingSettings(seed: 7)).token(logits, position: 42) == first[42])
  }

  @Test func whatIsNoNumberIsNeverChosen() {
    let logits: [Float] = [.nan, -1, .nan, 0.5, -.infinity]
    for settings in [
      SamplingSettings(temperature: 0), SamplingSettings(temperature: 1e6), SamplingSettings(topK: 4),
      SamplingSettings(topP: 0.99),
    ] {
      #expect(Set(Self.draws(settings, logits, count: 200)).isSubset(of: [1, 3]))
    }
    #expect(Sampler(SamplingSettings()).token([.nan, .nan], position: 0) == 0)
    #expect(Sampler(SamplingSettings()).token([1, .infinity], position: 0) == 1)
  }

  @Test func settingsThatMeanNothingAreNamed() {
    #expect(sentence { try SamplingSettings(temperature: -1).check() }.contains("temperature is -1.0"))
    #expect(sentence { try SamplingSettings(temperature: .nan).check() }.contains("temperature"))
    #expect(sentence { try SamplingSettings(topK: 0).check() }.contains("top-k is 0"))
    #expect(sentence { try SamplingSettings(topP: 0).check() }.contains("top-p"))
    #expect(sentence { try SamplingSettings(topP: 1.5).check() }.contains("1.5"))
    #expect(sentence { try SamplingSettings(maxTokens: -3).check() }.contains("-3"))
  }
}
