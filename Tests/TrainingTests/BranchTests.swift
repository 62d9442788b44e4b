import Formats
import Reporting
import TestSupport
import Testing
import Training

@Suite struct BranchTests {
  /// A decay that branches off a stable run ends in the bits of a run that decayed from there on.
  @Test(arguments: [LearningRateSchedule.DecayStyle.linear, .oneMinusSquareRoot])
  func aDecayBranchIsTheRunThatDecays(_ style: LearningRateSchedule.DecayStyle) throws {
    let small = try SmallRun()
    try small.train(small.yaml(steps: 12))
    let stable = try RunConfiguration.parse(yaml: small.yaml(steps: 12), file: "small.yaml").configuration
    let branch = try stable.decayBranch(from: Checkpoint(path: small.checkpoint(8)), steps: 5, style: style)
    #expect(branch.general.run == "small-decay-8" && branch.apus.runFolder == small.root + "/run-decay-8")
    // Its resolved configuration says all.
    let again = try RunConfiguration.parse(yaml: branch.resolvedYAML, file: "config.yaml").configuration
    #expect(again == branch)
    let run = try TrainingRun(branch, runName: branch.general.run)
    #expect(try Trainer(run, matrixRate: nil) { _ in }.train() == .finished(step: 13))
    let straight = try SmallRun()
    let folders = ["data_stages.0.data.dataset.dataset_folder=[\(small.root)/data]"]
    try straight.train(
      straight.yaml(steps: 13),
      set: folders + [
        "optimizer.learning_rate_scheduler={learning_rate: 1.0e-2, lr_warmup_steps: 3, lr_decay_starting_step: 8, "
          + "lr_decay_steps: 5, min_decay_lr: 0, lr_decay_style: \(style.rawValue)}"
      ])
    for file in ["optimizer/master.safetensors", "model.safetensors"] {
      let ours = small.root.appendingPath("run-decay-8/checkpoints/13").appendingPath(file)
      #expect(try small.bytes(ours) == straight.bytes(straight.checkpoint(13).appendingPath(file)), "\(file)")
    }
  }

  @Test func aBranchNeedsAConstantRate() throws {
    let small = try SmallRun()
    let set = ["optimizer.learning_rate_scheduler.min_decay_lr=0"]
    try small.train(small.yaml(steps: 8), set: set)
    let decaying = try RunConfiguration.parse(
      yaml: small.yaml(steps: 8), file: "small.yaml", overrides: set.map { try ConfigurationOverride($0) }
    ).configuration
    #expect { try decaying.decayBranch(from: Checkpoint(path: small.checkpoint(8)), steps: 5, style: .linear) } throws: {
      "\($0)".contains("where the learning rate falls")
    }
    #expect(throws: (any Error).self) {
      try decaying.decayBranch(from: Checkpoint(path: small.root), steps: 5, style: .linear)
    }
  }

  @Test func noiseIsMeasuredWithoutChangingABit() throws {
    let plain = try SmallRun()
    try plain.train(plain.yaml())
    let measured = try SmallRun()
    let result = try measured.train(measured.yaml(), set: ["apus.noise_scale_interval=3"])
    #expect(result.steps.filter { $0.noiseTrace != nil }.map(\.step) == [3, 6, 9, 12])
    #expect(result.steps.allSatisfy { ($0.noiseTrace ?? 1) > 0 })
    let file = "optimizer/master.safetensors"
    #expect(try plain.bytes(plain.checkpoint(12).appendingPath(file)) == measured.bytes(measured.checkpoint(12).appendingPath(file)))
    let record = try RunRecord(folder: measured.root.appendingPath("run"))
    #expect(record.metrics.steps.filter { $0.noiseSignal != nil }.count == 4)
    #expect(RunReport.html([record]).contains("Batch and gradient noise scale"))
    #expect { try measured.train(measured.yaml(), set: ["apus.noise_scale_interval=3", "tokens.batch_accumulation_per_replica=1"]) } throws: {
      "\($0)".contains("an update is one micro-batch")
    }
  }

  @Test func largerBatchesAreTriedOverTheSameTokens() throws {
    let small = try SmallRun()
    try small.train(small.yaml(steps: 4), set: ["apus.batch_warmup=[{steps: 2, sequences: 4}]"])
    let settings = CriticalBatchTest.Settings(factors: [4, 2], steps: 16, warmupSteps: 2, tolerance: 0.5)
    let test = try CriticalBatchTest(
      checkpoint: Checkpoint(path: small.checkpoint(4)), settings: settings, folder: small.root.appendingPath("test"))
    #expect(test.factors == [1, 2, 4])
    let branch = test.configuration(factor: 4)
    // Two updates of 4, two of 8, four of 32 sequences: it begins at the sample where the run stood.
    #expect(branch.batchSchedule.samples(before: 5) == 24 && branch.batchSchedule.samples(before: 9) == 24 + 128)
    #expect(branch.optimizer.schedule.learningRate(step: 6) == 2e-2)
    var steps: [Int] = []
    let branches = try test.factors.map { factor in
      try test.run(factor: factor, matrixRate: nil) { if case .step = $0 { steps.append(factor) } }
    }
    #expect(steps.filter { $0 == 1 }.count == 16 && steps.filter { $0 == 4 }.count == 4)
    #expect(branches.map(\.sequences) == [8, 16, 32] && branches.map(\.tokensAnUpdate) == [192, 384, 768])
    #expect(branches.allSatisfy { $0.loss > 0.1 && $0.loss < 5 })
    #expect(test.largestMatch(branches) != nil)
    #expect(test.text(branches).contains("x4") && test.json(branches)["branches"]?.arrayValue?.count == 3)
    // Asked again, it only reads what is there.
    #expect(try test.run(factor: 2, matrixRate: nil) { _ in } == branches[1])
    for wrong in [CriticalBatchTest.Settings(factors: [3], steps: 16), .init(factors: []), .init(factors: [1])] {
      #expect(throws: FileError.self) {
        try CriticalBatchTest(checkpoint: Checkpoint(path: small.checkpoint(4)), settings: wrong, folder: "x")
      }
    }
  }
}
