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

  /// Runs that a law made give that law, runs with noise one near it.
  @Test(arguments: LossLaw.published + [
    LossLaw(name: "other", source: "none", floor: 0.4, size: (40, 0.6), data: (3e4, 0.9)),
    LossLaw(name: "sizes alone", source: "none", floor: 0, size: (20, 0.2), data: (0, 0.5)),
  ]) func aFitFindsTheLawBehindRuns(law: LossLaw) throws {
    var random = SystemRandomNumberGenerator()
    for noise in [0, 1e-3] {
      let points = [1e6, 3e6, 1e7, 6e7].flatMap { parameters in
        [2e7, 1e8, 5e8, 3e9].map { tokens in
          LossPoint(
            parameters: parameters, tokens: tokens,
            loss: law.loss(parameters: parameters, tokens: tokens) * (1 + .random(in: -noise...noise, using: &random)))
        }
      }
      let (fitted, error) = try LossLaw.fit(points.shuffled(), name: "fit")
      #expect(error <= noise + 1e-5, "\(fitted)")
      for (parameters, tokens) in [(2e6, 5e7), (3e7, 1e9), (1e8, 5e9)] {
        let (ours, theirs) = (
          fitted.loss(parameters: parameters, tokens: tokens), law.loss(parameters: parameters, tokens: tokens)
        )
        #expect(near(ours, theirs, noise == 0 ? 1e-4 : 0.01), "\(fitted): \(ours), \(theirs)")
      }
      guard noise == 0, law.floor > 0 else { continue }
      #expect(near(fitted.size.exponent, law.size.exponent) && near(fitted.data.exponent, law.data.exponent))
      #expect(near(fitted.floor, law.floor))
    }
  }

  @Test func fitsThatNothingSaysAreRefused() {
    func points(_ sizes: [Double], _ tokens: [Double]) -> [LossPoint] {
      sizes.flatMap { size in tokens.map { LossPoint(parameters: size, tokens: $0, loss: 3) } }
    }
    for (runs, part) in [
      (points([1e6, 2e6], [1e8, 2e8]), "not 4"), (points([1e6], [1, 2, 3, 4, 5]), "must differ"),
      (points([1, 2, 3, 4, 5], [1e8]), "must differ"), (points([1, 2, .nan], [1e8, 2e8]), "above 0"),
      (points([1, 2, 3], [1e8, -2e8]), "above 0"),
    ] {
      #expect { try LossLaw.fit(runs, name: "fit") } throws: { "\($0)".contains(part) }
    }
  }
}
