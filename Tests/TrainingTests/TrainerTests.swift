import Corpora
import Formats
import Foundation
import Models
import Optimization
import Reporting
import Tensors
import TestSupport
import Testing
import Training

@Suite struct TrainerTests {
  @Test func lossFallsAndTheFolderIsComplete() throws {
    let small = try SmallRun()
    let result = try small.train(small.yaml(steps: 60))
    #expect(result.outcome == .finished(step: 60))
    let first = result.steps.prefix(3).map(\.loss).reduce(0, +) / 3
    let last = result.steps.suffix(3).map(\.loss).reduce(0, +) / 3
    #expect(first > 3.8 && last < first * 0.6, "\(first) to \(last)")
    for name in [
      "run/config.yaml", "run/metrics.jsonl", "run/report.html", "run/checkpoints/60/config.json",
      "run/checkpoints/60/model.safetensors", "run/checkpoints/60/state.json",
    ] { #expect(Paths.exists(small.root.appendingPath(name)), "\(name)") }
    let metrics = try RunMetrics(file: small.root.appendingPath("run/metrics.jsonl"))
    #expect(metrics.steps.map(\.step) == Array(1...60))
    #expect(metrics.validations.map(\.step) == [0, 6, 12, 18, 24, 30, 36, 42, 48, 54, 60])
    let model = try ModelConfiguration(huggingFace: small.checkpoint(60))
    #expect(model.hiddenSize == 32 && model.vocabularySize == 64)
  }

  @Test(arguments: [1, 5, 8]) func aStoppedRunEndsInTheSameBits(_ stop: Int) throws {
    let whole = try SmallRun()
    try whole.train(whole.yaml())
    let parts = try SmallRun()
    #expect(try parts.train(parts.yaml(), stop: stop).outcome == .stopped(step: stop))
    let rest = try parts.train(parts.yaml())
    #expect(rest.outcome == .finished(step: 12))
    #expect(rest.steps.first?.step == stop + 1)
    for name in ["model.safetensors", "optimizer/master.safetensors", "optimizer/exp_avg_sq.safetensors"] {
      let same =
        try whole.bytes(whole.checkpoint(12).appendingPath(name)) == parts.bytes(parts.checkpoint(12).appendingPath(name))
      #expect(same, "\(name)")
    }
    let rows = try RunMetrics(file: parts.root.appendingPath("run/metrics.jsonl"))
    #expect(rows.steps.map(\.step) == Array(1...12))
  }

  /// Every optimizer's state is saved and taken up again; its files are those that it declares.
  @Test(arguments: OptimizerCatalog.names) func everyOptimizerContinuesInTheSameBits(_ name: String) throws {
    let set = ["optimizer.optimizer_factory.name=\(name)", "optimizer.learning_rate_scheduler.learning_rate=1e-3"]
    let whole = try SmallRun()
    try whole.train(whole.yaml(), set: set)
    let parts = try SmallRun()
    for stop in [3, 7] { #expect(try parts.train(parts.yaml(), set: set, stop: stop - (stop == 7 ? 3 : 0)).outcome == .stopped(step: stop)) }
    #expect(try parts.train(parts.yaml(), set: set).outcome == .finished(step: 12))
    let files = try Paths.names(inFolder: whole.checkpoint(12).appendingPath("optimizer")).sorted()
    #expect(files.count >= 2 && files.contains("master.safetensors"))
    for file in files {
      let path = "optimizer/\(file)"
      #expect(
        try whole.bytes(whole.checkpoint(12).appendingPath(path)) == parts.bytes(parts.checkpoint(12).appendingPath(path)),
        "\(file)")
    }
    guard name != "adamW" else { return }
    let error = #expect(throws: FileError.self) { try whole.train(whole.yaml(steps: 14)) }
    #expect(error?.description.contains("was made with \(name)") == true)
    // Another run may begin with its weights.
    let more = try whole.train(
      whole.yaml(steps: 14),
      set: ["general.run=other", "apus.run_folder=\(whole.root)/other", "checkpoints.load_optimizer=false",
        "checkpoints.resume_checkpoint_path=\(whole.checkpoint(12))"])
    #expect(more.steps.map(\.step) == [13, 14])
  }

  /// Moments that begin in the middle of a run are corrected from their own first step on.
  @Test func anOptimizerThatBeginsLaterCountsItsOwnSteps() throws {
    let small = try SmallRun()
    try small.train(small.yaml(steps: 4))
    func resumed(_ folder: String, _ steps: Int) throws -> [TrainingStepMetrics] {
      try small.train(
        small.yaml(steps: steps),
        set: ["apus.run_folder=\(small.root)/\(folder)", "checkpoints.load_optimizer=false",
          "checkpoints.resume_checkpoint_path=\(small.checkpoint(4))"]
      ).steps
    }
    let whole = try resumed("whole", 8).map(\.loss)
    let parts = try resumed("parts", 6).map(\.loss) + resumed("parts", 8).map(\.loss)
    #expect(whole.count == 4 && whole == parts)
    let state = try Checkpoint(path: small.root.appendingPath("parts/checkpoints/8")).state()
    #expect(state.optimizerStart == 4)
  }

  @Test(arguments: [
    "model.safetensors", "optimizer/master.safetensors", "optimizer/exp_avg.safetensors", "state.json",
    "checksums.json", "config.json",
  ])
  func aDamagedCheckpointIsNamedAndPassedOver(_ name: String) throws {
    for damage in ["cut", "flip", "remove"] {
      let small = try SmallRun()
      try small.train(small.yaml())
      let reference = try small.bytes(small.checkpoint(12).appendingPath("model.safetensors"))
      let file = small.checkpoint(12).appendingPath(name)
      var bytes = try small.bytes(file)
      switch damage {
      case "cut": try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: file))
      case "flip":
        bytes[bytes.count / 2] ^= 0x10
        try bytes.write(to: URL(fileURLWithPath: file))
      default: try FileManager.default.removeItem(atPath: file)
      }
      let again = try small.train(small.yaml())
      #expect(again.outcome == .finished(step: 12))
      #expect(
        // A changed list of checksums speaks of the file whose line it changed.
        again.notes.contains { $0.contains("damaged") && ($0.contains(name.lastPathPart) || name == "checksums.json") },
        "\(damage) \(name)")
      #expect(again.steps.map(\.step) == [9, 10, 11, 12])
      #expect(try small.bytes(small.checkpoint(12).appendingPath("model.safetensors")) == reference)
    }
  }

  @Test func whereNoCheckpointIsWholeNothingIsOverwritten() throws {
    let small = try SmallRun()
    try small.train(small.yaml(steps: 4))
    try Data().write(to: URL(fileURLWithPath: small.checkpoint(4).appendingPath("model.safetensors")))
    #expect(throws: FileError.self) { try small.train(small.yaml(steps: 4)) }
    #expect(Paths.exists(small.checkpoint(4).appendingPath("optimizer/master.safetensors")))
  }

  @Test func aCheckpointOfAnotherShapeIsRefused() throws {
    let small = try SmallRun()
    try small.train(small.yaml(steps: 4))
    let before = try small.bytes(small.checkpoint(4).appendingPath("model.safetensors"))
    let error = #expect(throws: SafetensorsError.self) {
      try small.train(small.yaml(steps: 8), set: ["model.model_config.hidden_size=64"])
    }
    #expect(error?.description.contains("shape") == true)
    #expect(try small.bytes(small.checkpoint(4).appendingPath("model.safetensors")) == before)
  }

  @Test func anotherSeedOrBatchDoesNotContinueARun() throws {
    let small = try SmallRun()
    try small.train(small.yaml(steps: 4))
    for change in ["general.seed=8", "tokens.micro_batch_size=2"] {
      #expect(throws: FileError.self) { try small.train(small.yaml(steps: 8), set: [change]) }
    }
  }

  @Test func oldCheckpointsGoByTheRule() throws {
    let small = try SmallRun()
    try small.train(small.yaml(steps: 12), set: ["checkpoints.checkpoint_interval=2", "apus.keep_checkpoints=2", "apus.keep_every=6"])
    let steps = try CheckpointFolder(small.root.appendingPath("run/checkpoints")).steps()
    #expect(steps == [12, 10, 6])
  }

  @Test func bitsDoNotDependOnThreads() throws {
    let threads = InstructionSet.threads
    defer { InstructionSet.setThreads(threads) }
    let files = try [1, 2, 3, 4].map { count in
      let small = try SmallRun()
      InstructionSet.setThreads(count)
      try small.train(small.yaml(steps: 6))
      return try small.bytes(small.checkpoint(6).appendingPath("optimizer/master.safetensors"))
    }
    #expect(files.allSatisfy { $0 == files[0] })
  }

  @Test func accumulationAndRecomputeKeepTheLoss() throws {
    func losses(_ changes: [String]) throws -> [Double] {
      let small = try SmallRun()
      return try small.train(small.yaml(steps: 6), set: ["model.dtype=float32"] + changes).steps.map(\.loss)
    }
    let plain = try losses([])
    let split = try losses(["tokens.micro_batch_size=1", "tokens.batch_accumulation_per_replica=8"])
    let spread = try losses(["tokens.batch_accumulation_per_replica=1", "parallelism.dp=2"])
    #expect(zip(plain, split).allSatisfy { abs($0 - $1) < 1e-4 })
    #expect(plain == spread)
    #expect(try losses(["parallelism.recompute_layer=true"]) == plain)
  }

  @Test func mixturesReportEachSource() throws {
    let small = try SmallRun(sources: ["data", "other"])
    let folders = "data_stages.0.data.dataset.dataset_folder=[\(small.root)/data, \(small.root)/other]"
    try small.train(
      small.yaml(steps: 6), set: [folders, "data_stages.0.data.dataset.dataset_weights=[0.75, 0.25]"])
    let metrics = try RunMetrics(file: small.root.appendingPath("run/metrics.jsonl"))
    #expect(metrics.sources.sorted() == ["data", "other"])
    #expect(metrics.validations.filter { $0.step == 6 }.count == 2)
  }

  @Test func continuedPretrainingStartsFromAFolder() throws {
    let small = try SmallRun()
    try small.train(small.yaml(steps: 60))
    let path = small.checkpoint(60)
    let yaml = small.yaml(steps: 4).replacing("  model_config:", with: "  init_method: {path: \(path)}\n  model_config:")
    let more = try small.train(yaml, set: ["apus.run_folder=\(small.root)/more"])
    let fresh = try small.train(small.yaml(steps: 4), set: ["apus.run_folder=\(small.root)/fresh"])
    let (continued, scratch) = (try #require(more.steps.first), try #require(fresh.steps.first))
    #expect(continued.loss < scratch.loss * 0.7)
  }

  /// Norms of queries and keys that are new begin at 1, everything else as the folder has it.
  @Test func normsOfQueriesAndKeysAreSwitchedOn() throws {
    let small = try SmallRun()
    try small.train(small.yaml(steps: 60))
    let path = small.checkpoint(60)
    let yaml = small.yaml(steps: 12).replacing("  model_config:", with: "  init_method: {path: \(path)}\n  model_config:")
    let more = try small.train(yaml, set: ["apus.run_folder=\(small.root)/more", "apus.qk_norm=true"])
    #expect(more.notes.contains { $0.contains("4 norms of queries and keys begin at 1") })
    let fresh = try small.train(small.yaml(steps: 12), set: ["apus.run_folder=\(small.root)/fresh"])
    #expect(try #require(more.steps.last).loss < #require(fresh.steps.last).loss * 0.8)
    let saved = try StoredModel(small.root.appendingPath("more/checkpoints/12"))
    #expect(saved.configuration.family == .qwen3 && saved.configuration.queryKeyNorm == .head)
    try saved.checkWeights()
  }

  /// In the middle of a run, from its own checkpoint or one of another: weights, moments and the count of steps go on.
  @Test(arguments: [false, true])
  func normsOfQueriesAndKeysAreSwitchedOnInTheMiddle(asAnotherRun: Bool) throws {
    let small = try SmallRun()
    let begun = try small.train(small.yaml(steps: 24), stop: 12)
    var set = ["apus.qk_norm=true"]
    if asAnotherRun {
      set += ["apus.run_folder=\(small.root)/more", "checkpoints.resume_checkpoint_path=\(small.checkpoint(12))"]
    }
    let more = try small.train(small.yaml(steps: 24), set: set)
    #expect(more.notes.contains { $0.contains("4 norms of queries and keys begin at 1") })
    #expect(more.steps.map(\.step) == Array(13...24))
    #expect(try #require(more.steps.first).loss < #require(begun.steps.first).loss)
    #expect(try #require(more.steps.last).loss < #require(begun.steps.last).loss)
    let saved = Checkpoint(path: small.root.appendingPath("\(asAnotherRun ? "more" : "run")/checkpoints/24"))
    #expect(try ModelConfiguration(huggingFace: saved.path).queryKeyNorm == .head)
    // They cannot be switched off again.
    let off = ["apus.run_folder=\(small.root)/off", "checkpoints.resume_checkpoint_path=\(saved.path)"]
    #expect { try small.train(small.yaml(steps: 26), set: off) } throws: { "\($0)".contains("apus.qk_norm: true") }
  }

  @Test func aNonFiniteStepStopsBeforeTheUpdate() throws {
    let configuration = ModelConfiguration(
      vocabularySize: 16, hiddenSize: 16, intermediateSize: 16, layerCount: 1, headCount: 2, tiedEmbeddings: true)
    let model = DecoderModel(configuration, trainable: true)
    model.store.initialize(seed: 1)
    try #require(model.store.parameter("model.layers.0.mlp.down_proj.weight")).master.floats[3] = .nan
    let before = model.store.master.toFloats().map(\.bitPattern)
    let execution = Execution()
    let optimizer = Optimizer(model.store, AdamW(), in: execution)
    let step = TrainingStep(
      model, optimizer: optimizer, settings: .init(microBatchSize: 1), sequenceLength: 4, execution: execution)
    var batch = TokenBatch(sequenceLength: 4, maskDocuments: false)
    [1, 2, 3, 4, 5].withUnsafeBufferPointer { window in
      [0, 0, 0, 0, 0].withUnsafeBufferPointer {
        batch.append(window: window, documentStarts: $0, predictFirstTokens: true)
      }
    }
    let error = #expect(throws: TrainingStep.NonFinite.self) { try step.run(batch, step: 1, learningRate: 1) }
    #expect(error?.description.contains("step 1") == true)
    #expect(model.store.master.toFloats().map(\.bitPattern) == before)
  }

  /// Gradients that the step before has left are written over, not added to, and none of them stays.
  @Test(arguments: [(true, DType.bfloat16), (false, .bfloat16), (true, .float32)])
  func gradientsAreOfTheirStepAlone(_ ties: Bool, _ compute: DType) {
    let configuration = ModelConfiguration(
      vocabularySize: 48, hiddenSize: 16, intermediateSize: 24, layerCount: 2, headCount: 2, tiedEmbeddings: ties)
    let model = DecoderModel(configuration, trainable: true)
    model.store.initialize(seed: 1)
    let execution = Execution(compute: compute)
    let step = TrainingStep(
      model, optimizer: Optimizer(model.store, AdamW(), in: execution), settings: .init(microBatchSize: 2),
      sequenceLength: 8, execution: execution)
    func gradient(of tokens: ClosedRange<Int32>) -> [UInt32] {
      var batch = TokenBatch(sequenceLength: 8, maskDocuments: false)
      for first in 0..<Int32(3) {
        (0...Int32(8)).map { tokens.lowerBound + ($0 * 7 + first * 5) % Int32(tokens.count) }.withUnsafeBufferPointer {
          batch.append(window: $0, documentStarts: $0, predictFirstTokens: true)
        }
      }
      _ = step.accumulateGradients(batch)
      return model.store.gradient?.toFloats().map { ($0 + 0).bitPattern } ?? []
    }
    let first = gradient(of: 0...30)
    #expect(first.contains { $0 != 0 })
    #expect(gradient(of: 9...47) != first)
    #expect(gradient(of: 0...30) == first)
  }

  @Test func aFullDiskLeavesTheOldCheckpoint() throws {
    let disk = FileManager.default.temporaryDirectory.path.appendingPath("apus-disk-\(UUID().uuidString)")
    try Paths.createFolder(disk)
    defer { try? FileManager.default.removeItem(atPath: disk) }
    // Mounting needs rights that not every user has; the same code path is met by the short-write tests of Formats.
    guard Shell.run("mount -t tmpfs -o size=600k tmpfs \(disk)") == 0 else { return }
    defer { _ = Shell.run("umount -l \(disk)") }
    let small = try SmallRun()
    let set = ["checkpoints.checkpoints_path=\(disk)/checkpoints", "apus.report=false"]
    let error = #expect(throws: FileError.self) { try small.train(small.yaml(steps: 12), set: set) }
    #expect(error?.description.contains("No space left") == true)
    let steps = try CheckpointFolder(disk.appendingPath("checkpoints")).steps()
    #expect(!steps.isEmpty && !steps.contains(12))
    for step in steps { try Checkpoint(path: disk.appendingPath("checkpoints/\(step)")).verify() }
  }
}

enum Shell {
  static func run(_ command: String) -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command + " >/dev/null 2>&1"]
    do { try process.run() } catch { return -1 }
    process.waitUntilExit()
    return process.terminationStatus
  }
}
