import Foundation
import Inference
import Testing

/// Log-probabilities against those of the whole sequence without a cache.
@Suite struct LogProbabilityTests {
  private static func logSoftmax(_ logits: [Float]) -> [Double] {
    let largest = Double(logits.max() ?? 0)
    let sum = logits.reduce(0) { $0 + exp(Double($1) - largest) }
    return logits.map { Double($0) - largest - log(sum) }
  }

  @Test(arguments: [0, 1, 3, 5000]) func theyAreTheModelsOwn(alternatives: Int) throws {
    let language = try Tiny.model(padding: 20)
    // Settings of sampling do not show in them.
    var settings = SamplingSettings(temperature: 2, topK: 30, seed: 4, maxTokens: 12, stopAtEndOfText: false)
    settings.repetitionPenalty = 1.5
    var request = GenerationRequest(try language.promptTokens("the swift sings over"), settings: settings)
    request.logProbabilities = alternatives
    request.promptLogProbabilities = alternatives
    let result = try TextGenerator(language, chunkLength: 5).generate([request])[0][0]
    let tokens = result.prompt + result.tokens
    let own = try #require(result.promptLogProbabilities) + #require(result.logProbabilities)
    #expect(own.map(\.token) == Array(tokens.dropFirst()) && own.count == tokens.count - 1)
    for (own, logits) in zip(own, wholeLogits(language, tokens)) {
      let expected = Self.logSoftmax(logits)
      #expect(abs(own.logProbability - expected[Int(own.token)]) < 1e-4)
      let best = expected.sorted(by: >).prefix(alternatives)
      #expect(own.alternatives.count == best.count)
      #expect(zip(own.alternatives, best).allSatisfy { abs($0.logProbability - $1) < 1e-4 })
      #expect(Set(own.alternatives.map(\.token)).count == own.alternatives.count)
    }
  }

  @Test func aPromptAloneCanBeScored() throws {
    let language = try Tiny.model(context: 12)
    var request = GenerationRequest((0..<12).map { 70 + $0 }, settings: .greedy(maxTokens: 5))
    request.promptLogProbabilities = 0
    let full = try TextGenerator(language).generate([request])[0][0]
    #expect(full.promptLogProbabilities?.count == 11 && full.tokens.isEmpty && full.reason == .contextLength)
    request.settings.maxTokens = 0
    request.samples = 2
    for text in try TextGenerator(language).generate([request])[0] {
      #expect(text.promptLogProbabilities == full.promptLogProbabilities && text.reason == .maxTokens)
    }
    request.prompt = [70]
    #expect(try TextGenerator(language).generate([request])[0][0].promptLogProbabilities == [])
  }

  @Test func theyAreNotComputedUnasked() throws {
    let result = try TextGenerator(Tiny.model()).generate("the", settings: .greedy(maxTokens: 3))
    #expect(result.logProbabilities == nil && result.promptLogProbabilities == nil)
  }
}
