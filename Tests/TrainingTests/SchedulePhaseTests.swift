import Foundation
import Testing
import Training

@Suite struct SchedulePhaseTests {
  private func schedule(_ apus: String, steps: Int = 1000, scheduler: String = "lr_warmup_steps: 10") throws
    -> LearningRateSchedule
  {
    let yaml = """
      tokens: {sequence_length: 8, train_steps: \(steps)}
      optimizer: {learning_rate_scheduler: {learning_rate: 2.0, \(scheduler)}}
      apus: {schedule: \(apus)}
      """
    let configuration = try RunConfiguration.parse(yaml: yaml, file: "s.yaml").configuration
    let again = try RunConfiguration.parse(yaml: configuration.resolvedYAML, file: "s.yaml").configuration
    #expect(again == configuration)
    return configuration.optimizer.schedule
  }

  @Test func multiStepTakesDeepSeeksPartsOrOthers() throws {
    let standard = try schedule("{style: multi-step}")
    for (step, rate) in [(0, 0), (5, 1), (10, 2), (11, 2), (799, 2), (800, 2 * 0.1.squareRoot()), (899, 2 * 0.1.squareRoot()), (900, 0.2), (5000, 0.2)] {
      #expect(abs(standard.learningRate(step: step) - rate) < 1e-12, "\(step)")
    }
    let other = try schedule("{style: multi-step, splits: [0.7, 0.15, 0.1, 0.05], factors: [1, 0.5, 0.25, 0]}")
    #expect([699, 700, 849, 850, 949, 950].map { other.learningRate(step: $0) } == [2, 1, 1, 0.5, 0.5, 0])
  }

  @Test func deepSeekV3HasFourPhases() throws {
    let rates = try schedule("{style: deepseek-v3}", steps: 14_800, scheduler: "lr_warmup_steps: 0")
    #expect(rates.learningRate(step: 0) == 2 && rates.learningRate(step: 9_999) == 2)
    for step in [10_000, 11_000, 12_150, 14_299] {
      let expected = 0.2 + 1.8 * (1 + cos(.pi * Double(step - 10_000) / 4_300)) / 2
      #expect(abs(rates.learningRate(step: step) - expected) < 1e-12, "\(step)")
    }
    #expect(abs(rates.learningRate(step: 14_300) - 0.2) < 1e-12 && abs(rates.learningRate(step: 14_632) - 0.2) < 1e-12)
    #expect(abs(rates.learningRate(step: 14_633) - 2 * 7.3 / 220) < 1e-12)
  }

  @Test func inverseSquareRootFallsFromTheWarmup() throws {
    let rates = try schedule("{style: inverse-sqrt}", scheduler: "lr_warmup_steps: 100")
    #expect(rates.learningRate(step: 50) == 1 && rates.learningRate(step: 100) == 2)
    #expect(rates.learningRate(step: 400) == 1 && rates.learningRate(step: 10_000) == 0.2)
  }

  @Test func constantStays() throws {
    let rates = try schedule("{style: constant, warmup_fraction: 0.02}", scheduler: "")
    #expect(rates.learningRate(step: 10) == 1 && rates.learningRate(step: 20) == 2 && rates.learningRate(step: 999) == 2)
  }

  @Test func phasesMayBeGivenThemselves() throws {
    let rates = try schedule(
      "{phases: [{steps: 100}, {steps: 100, style: linear, to: 0.5}, {start: 300, steps: 100, style: 1-sqrt, to: 0}]}",
      scheduler: "lr_warmup_steps: 0")
    #expect([0, 99, 100, 150, 200, 299, 300, 325, 400].map { rates.learningRate(step: $0) } == [2, 2, 2, 1.5, 1, 1, 1, 0.5, 0])
  }

  @Test(arguments: [
    ("{style: multi-step, splits: [0.5, 0.4], factors: [1, 0.1]}", "the parts add up to 0.9"),
    ("{style: multi-step, splits: [0.5, 0.5]}", "2 parts and 3 factors"),
    ("{style: deepseek-v3, splits: [0.5, 0.5], factors: [1, 0.1]}", "has four of each"),
    ("{style: cosine}", "'cosine' is not one of constant, multi-step"),
    ("{splits: [1]}", "only the styles multi-step and deepseek-v3"),
    ("{style: constant, phases: [{steps: 1}]}", "keep one of the two"),
    ("{style: constant, decay_fraction: 0.1}", "keep one of the two"),
    ("{phases: [{steps: 5}, {start: 0}]}", "0 is not after the phase before"),
    ("{phases: {}}", "is not a list of phases"),
    ("{phases: [{style: step}]}", "'step' is not one of constant, linear"),
    ("{style: multi-step, splits: [x]}", "'x' is not a number"),
  ])
  func impossibleSchedulesAreNamed(_ apus: String, _ part: String) {
    #expect { try schedule(apus) } throws: { "\($0)".contains(part) }
  }

  @Test func nanotronsKeysDoNotStandBesideAStyle() {
    #expect { try schedule("{style: constant}", scheduler: "min_decay_lr: 0") } throws: {
      "\($0)".contains("apus.schedule says what follows")
    }
  }
}
