import Foundation
import Testing
import Training

@Suite struct LearningRateScheduleTests {
  private struct Case: Decodable {
    var peak, minimum: Double
    var warmup, start, length: Int
    var warmup_style, decay_style: String
    var rates: [[Double]]
  }

  @Test func goldenRates() throws {
    let url = try #require(Bundle.module.url(forResource: "schedules", withExtension: "json", subdirectory: "Golden"))
    let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: url))
    #expect(cases.count == 7)
    for item in cases {
      let schedule = LearningRateSchedule(
        peak: item.peak, minimum: item.minimum, warmupSteps: item.warmup,
        warmupStyle: try #require(.init(rawValue: item.warmup_style)),
        decayStyle: try #require(.init(rawValue: item.decay_style)), decayStartingStep: item.start,
        decaySteps: item.length)
      #expect(item.rates.count >= 3)
      for pair in item.rates {
        let rate = schedule.learningRate(step: Int(pair[0]))
        #expect(abs(rate - pair[1]) <= 1e-15 + 1e-13 * pair[1], "step \(pair[0]) of \(schedule)")
      }
    }
  }

  @Test func fractionsMakeAWarmupStableDecaySchedule() throws {
    let yaml = """
      tokens: {sequence_length: 8, train_steps: 1000}
      optimizer: {learning_rate_scheduler: {learning_rate: 1e-3, lr_decay_style: 1-sqrt, min_decay_lr: 0}}
      apus: {schedule: {warmup_fraction: 0.05, decay_fraction: 0.2}}
      """
    let schedule = try RunConfiguration.parse(yaml: yaml, file: "w.yaml").configuration.optimizer.schedule
    #expect(schedule.warmupSteps == 50 && schedule.decayStartingStep == 800 && schedule.decaySteps == 200)
    #expect(schedule.learningRate(step: 799) == 1e-3)
    #expect(schedule.learningRate(step: 1000) == 0)
  }

  @Test func defaultsFollowNanotron() throws {
    let yaml = "tokens: {sequence_length: 8, train_steps: 100}\n"
    let bare = try RunConfiguration.parse(yaml: yaml, file: "w.yaml").configuration.optimizer.schedule
    #expect(bare == LearningRateSchedule(
      peak: 3e-4, minimum: 3e-4, warmupSteps: 0, decayStartingStep: 0, decaySteps: 100))
    let warm = try RunConfiguration.parse(
      yaml: yaml + "optimizer: {learning_rate_scheduler: {lr_warmup_steps: 10}}", file: "w.yaml"
    ).configuration.optimizer.schedule
    #expect(warm.decayStartingStep == 10 && warm.decaySteps == 90)
  }
}
