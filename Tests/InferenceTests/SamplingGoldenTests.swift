import Formats
import Foundation
import Inference
import Testing

/// What may be drawn, and how likely, against transformers' processors of logits (`scripts/golden/sampling.py`).
@Suite struct SamplingGoldenTests {
  @Test func distributionsAreThoseOfTransformers() throws {
    let folder = try #require(Bundle.module.resourcePath).appendingPath("Golden")
    let cases = try #require(try JSON.parse(contentsOfFile: folder.appendingPath("sampling.json")).arrayValue)
    #expect(cases.count == 120)
    for (number, golden) in cases.enumerated() {
      var settings = SamplingSettings(
        temperature: try #require(golden["temperature"]?.doubleValue), topK: golden["topK"]?.intValue,
        topP: golden["topP"]?.doubleValue, minP: golden["minP"]?.doubleValue)
      settings.repetitionPenalty = golden["repetitionPenalty"]?.doubleValue ?? 1
      try settings.check()
      let logits = try #require(golden["logits"]?.arrayValue).map { Float($0.doubleValue ?? .nan) }
      let history = try #require(golden["history"]?.arrayValue).compactMap { $0.intValue.map(UInt32.init) }
      let kept = try #require(golden["kept"]?.arrayValue)

      // The prompt or the text may hold a token, or both: the penalty of repetition is the same.
      let half = history.count / 2
      var text = TokenHistory(prompt: history[..<half])
      for token in history[half...] { text.append(token) }
      let own = Sampler(settings).distribution(logits, history: text)
      #expect(own.map { Int($0.token) } == kept.map { $0[0]?.intValue }, "case \(number)")
      for (own, kept) in zip(own, kept) {
        let expected = try #require(kept[1]?.doubleValue)
        #expect(abs(own.probability - expected) <= 2e-6 * expected + 1e-9, "case \(number), token \(own.token)")
      }
    }
  }

  @Test func penaltiesOfTheTextDoNotCountThePrompt() {
    var settings = SamplingSettings(temperature: 1)
    settings.presencePenalty = 0.5
    settings.frequencyPenalty = 0.25
    var history = TokenHistory(prompt: [0, 1, 1])
    for token in [1, 2, 2, 2] as [UInt32] { history.append(token) }
    let penalized: [Double] = [0, -0.75, -1.25, 0]
    let sum = penalized.reduce(0) { $0 + exp($1) }
    let own = Sampler(settings).distribution([0, 0, 0, 0], history: history)
    for (own, logit) in zip(own, penalized) { #expect(abs(own.probability - exp(logit) / sum) < 1e-7) }
    // Without a history there is nothing to count.
    #expect(Sampler(settings).distribution([0, 0, 0, 0]).allSatisfy { $0.probability == 0.25 })
  }

  @Test func drawsFollowTheDistribution() {
    var settings = SamplingSettings(temperature: 1.3, topK: 9, topP: 0.95, minP: 0.1, seed: 3)
    settings.repetitionPenalty = 1.4
    let logits: [Float] = (0..<30).map { Float(($0 * 7) % 30) / 8 - 1 }
    let history = TokenHistory(prompt: [3, 17, 21])
    let sampler = Sampler(settings)
    let distribution = sampler.distribution(logits, history: history)
    var seen: [UInt32: Int] = [:]
    let count = 40_000
    for position in 0..<count { seen[sampler.token(logits, position: position, history: history), default: 0] += 1 }
    #expect(Set(seen.keys) == Set(distribution.map(\.token)))
    for (token, probability) in distribution {
      let deviation = (Double(count) * probability * (1 - probability)).squareRoot()
      #expect(abs(Double(seen[token] ?? 0) - Double(count) * probability) < 5 * deviation + 1)
    }
  }

  @Test func newSettingsThatMeanNothingAreNamed() {
    func refused(_ change: (inout SamplingSettings) -> Void) -> String {
      var settings = SamplingSettings()
      change(&settings)
      return sentence { try settings.check() }
    }
    #expect(refused { $0.minP = 1.1 }.contains("min-p is 1.1"))
    #expect(refused { $0.minP = .nan }.contains("min-p"))
    #expect(refused { $0.repetitionPenalty = 0 }.contains("repetition-penalty is 0.0"))
    #expect(refused { $0.presencePenalty = .infinity }.contains("presence-penalty"))
    #expect(refused { $0.stopStrings = ["a", ""] }.contains("stop is an empty text"))
  }
}
