import Foundation
import Planning
import Testing

@Suite struct LawTests {
  private func near(_ a: Double, _ b: Double, _ share: Double = 0.01) -> Bool { abs(a / b - 1) < share }

  @Test func publishedRatesAndBatches() throws {
    let deepSeek = StepLaw.published[0]
    // 1e20 operations: 0.3118 · 10^-2.5 and 0.2920 · 10^6.542.
    let scale = RunScale(parameters: 1e9, tokens: 1e20 / 6e9)
    #expect(near(deepSeek.learningRate(scale), 9.860e-4, 1e-3))
    let batch = try #require(deepSeek.batch)
    #expect(near(batch(scale), 1.0172e6, 1e-3))
    let step = StepLaw.published[1]
    let billion = RunScale(parameters: 1e9, tokens: 1e11)
    // 1.79 · 10^-6.417 · 10^3.377 and 0.58 · 10^6.281.
    #expect(near(step.learningRate(billion), 1.6325e-3, 1e-3))
    let stepBatch = try #require(step.batch)
    #expect(near(stepBatch(billion), 1.1077e6, 1e-3))
    #expect(StepLaw.published.allSatisfy { $0.source.contains("arXiv:") })
    #expect(near(CriticalBatchLaw.published[0].batch(2), 2e8 / pow(2, 1 / 0.21)))
  }

  /// Approach 3 of the Chinchilla paper: at Gopher's budget some 40 billion parameters, and 10 trillion parameters'
  /// worth far less data than tokens twenty times as many (tables 3 and A3).
  @Test func chinchillasOptimum() {
    let law = LossLaw.published[0]
    let best = law.optimum(operations: 5.76e23)
    #expect(best.parameters > 30e9 && best.parameters < 45e9)
    #expect(near(6 * best.parameters * best.tokens, 5.76e23, 1e-9))
    // No other split of the same work is better.
    let loss = law.loss(parameters: best.parameters, tokens: best.tokens)
    for factor in [0.5, 0.9, 1.1, 2] {
      #expect(law.loss(parameters: best.parameters * factor, tokens: best.tokens / factor) > loss)
    }
    #expect(near(law.operations(reaching: loss) ?? 0, 5.76e23, 1e-6))
    #expect(law.operations(reaching: 1.69) == nil && law.smallestModel(reaching: 1.5) == nil)
    // Fitted again, twenty tokens a parameter are about right.
    let again = LossLaw.published[1].optimum(operations: 5.76e23)
    #expect(again.tokens / again.parameters > 14 && again.tokens / again.parameters < 28)
  }

  @Test func overtrainingCostsWorkAndHasALimit() throws {
    let law = LossLaw.published[0]
    let loss = law.loss(parameters: 3e9, tokens: 11e12)
    let least = try #require(law.operations(reaching: loss))
    #expect(6 * 3e9 * 11e12 > 1.5 * least)
    let smallest = try #require(law.smallestModel(reaching: loss))
    #expect(smallest < 3e9 && law.loss(parameters: smallest, tokens: 1e300) <= loss * (1 + 1e-12))
    let tables = LawTables(scale: RunScale(parameters: 3e9, tokens: 11e12))
    #expect(tables.text.contains("arXiv:2203.15556") && tables.text.contains("DeepSeek"))
    #expect(tables.json["loss"]?.arrayValue?.count == 2)
  }
}
