import Formats
import Reporting
import TestSupport
import Testing
import Training

@Suite struct BatchScheduleTests {
  @Test func everySampleBelongsToOneUpdate() {
    let schedule = BatchSchedule(warmup: [.init(steps: 2, sequences: 3), .init(steps: 1, sequences: 5)], full: 8)
    #expect((1...5).map { schedule.sequences(step: $0) } == [3, 3, 5, 8, 8])
    #expect((1...6).map { schedule.samples(before: $0) } == [0, 3, 6, 11, 19, 27])
    #expect(BatchSchedule(full: 4).samples(before: 10) == 36)
  }

  private let warmup = "apus.batch_warmup=[{steps: 3, sequences: 2}, {steps: 2, sequences: 5}]"

  /// The batches of a run are one after another in the loader's order, whatever their sizes, in each stage.
  @Test func noSampleIsReadTwiceOrNever() throws {
    let small = try SmallRun()
    let stages = "data_stages=[{name: a, data: {dataset: {dataset_folder: [\(small.root)/data]}}}, "
      + "{name: b, start_training_step: 5, data: {dataset: {dataset_folder: [\(small.root)/data]}}}]"
    func tokens(_ set: [String], _ steps: ClosedRange<Int>) throws -> [Int32] {
      let configuration = try RunConfiguration.parse(
        yaml: small.yaml(), file: "s.yaml", overrides: try ([stages] + set).map { try ConfigurationOverride($0) }
      ).configuration
      let data = try TrainingData(configuration, vocabularySize: 64, endOfText: 0)
      return try steps.flatMap { try data.batch(step: $0).tokens }
    }
    // 3 × 2 + 5 samples before the second stage, then 5 and 8 an update.
    let varied = try tokens([warmup], 1...4)
    #expect(try varied == Array(tokens(["tokens.micro_batch_size=1", "tokens.batch_accumulation_per_replica=11"], 1...1)))
    let second = try tokens([warmup], 5...7)
    let single = ["tokens.micro_batch_size=21", "tokens.batch_accumulation_per_replica=1"]
    #expect(try second == tokens(single, 5...5))
  }

  @Test func aStoppedRunEndsInTheSameBits() throws {
    let whole = try SmallRun()
    let result = try whole.train(whole.yaml(), set: [warmup])
    let sizes = [2, 2, 2, 5, 5] + Array(repeating: 8, count: 7)
    #expect(result.steps.map(\.tokens) == sizes.indices.map { sizes[...$0].reduce(0, +) * 24 })
    let parts = try SmallRun()
    for stop in [2, 2] { try parts.train(parts.yaml(), set: [warmup], stop: stop) }
    try parts.train(parts.yaml(), set: [warmup])
    let file = "optimizer/master.safetensors"
    #expect(try whole.bytes(whole.checkpoint(12).appendingPath(file)) == parts.bytes(parts.checkpoint(12).appendingPath(file)))
    // With other batches the samples of the steps to come would be others.
    let error = #expect(throws: FileError.self) { try whole.train(whole.yaml(steps: 14)) }
    #expect(error?.description.contains("tokens, but by the configuration's stages and batches") == true)
    let metrics = try RunRecord(folder: whole.root.appendingPath("run"))
    #expect(RunReport.html([metrics]).contains("Tokens an update"))
  }

  @Test func thePlanCountsTheWarmup() throws {
    let small = try SmallRun()
    let configuration = try RunConfiguration.parse(
      yaml: small.yaml(), file: "s.yaml", overrides: [ConfigurationOverride(warmup)]).configuration
    #expect(configuration.totalTokens == (3 * 2 + 2 * 5 + 7 * 8) * 24)
    let plan = try TrainingRun(configuration, runName: "x").plan(measuredRate: nil)
    #expect(plan.tokens == configuration.totalTokens && plan.memory.moments == 8 * plan.model.parameterCounts.total)
  }
}
