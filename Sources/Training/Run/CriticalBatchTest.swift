import Formats
import Reporting
import Tensors

/// The branch test of a batch size (Merrill and others, "Critical Batch Size Revisited", arXiv:2505.23971): from one
/// checkpoint a short run at each of several batches, the rate growing with the batch's square root, over the same
/// tokens. A batch whose loss stays within a tolerance of the smallest's costs nothing in tokens.
///
/// Every branch, the one at the present batch too, begins with a new optimizer and a short warm-up, so that they differ
/// in the batch alone; all read the samples that the run would have read next.
public struct CriticalBatchTest: Sendable {
  /// What to test.
  public struct Settings: Sendable, Equatable {
    /// Multiples of the present batch, beside 1.
    public var factors: [Int]
    /// Updates at the present batch; a branch at `k` times the batch takes a `k`-th of them.
    public var steps: Int
    /// Updates of warm-up at the present batch.
    public var warmupSteps: Int
    /// Nats by which a branch may end above the one at the present batch.
    public var tolerance: Double

    /// The test that the paper describes, over 64 updates.
    public init(factors: [Int] = [2, 4, 8], steps: Int = 64, warmupSteps: Int = 8, tolerance: Double = 0.01) {
      self.factors = factors
      self.steps = steps
      self.warmupSteps = warmupSteps
      self.tolerance = tolerance
    }
  }

  /// How one branch ended.
  public struct Branch: Sendable, Equatable {
    /// Multiple of the present batch.
    public var factor: Int
    /// Sequences of an update.
    public var sequences: Int
    public var tokensAnUpdate: Int
    public var learningRate: Double
    public var steps: Int
    /// Mean loss over the last quarter of the tokens, which are the same for all.
    public var loss: Double
  }

  /// Where the branches begin.
  public let checkpoint: Checkpoint
  public let settings: Settings
  private let configuration: RunConfiguration
  private let state: CheckpointState
  private let folder: String

  /// Prepares the test of a checkpoint, whose own `config.yaml` says how it was trained.
  /// - Parameter folder: where the branches' runs are written.
  /// - Throws: a sentence naming the file or the setting that is wrong.
  public init(checkpoint: Checkpoint, settings: Settings, folder: String) throws {
    try checkpoint.verify()
    self.checkpoint = checkpoint
    self.settings = settings
    self.folder = folder
    state = try checkpoint.state()
    configuration = try RunConfiguration.read(path: checkpoint.path.appendingPath("config.yaml"), overrides: [])
      .configuration
    func wrong(_ problem: String) -> FileError { FileError(path: checkpoint.path, problem: "cannot be tested: " + problem) }
    guard !settings.factors.isEmpty, settings.factors.allSatisfy({ (2...65_536).contains($0) }) else {
      throw wrong("the factors must be whole numbers from 2 on")
    }
    guard settings.steps <= 1_000_000_000,
      settings.steps > 0, settings.factors.allSatisfy({ settings.steps % (4 * $0) == 0 })
    else {
      throw wrong(
        "\(settings.steps) updates at the present batch do not divide into quarters at each larger one; take a "
          + "multiple of \(settings.factors.reduce(1, Self.commonMultiple) * 4)")
    }
    guard settings.warmupSteps >= 0, settings.warmupSteps < settings.steps / 2, settings.tolerance >= 0 else {
      throw wrong("the warm-up must be less than half of the updates, and the tolerance 0 or more")
    }
  }

  /// Multiples to run, the present batch first.
  public var factors: [Int] { [1] + Set(settings.factors).sorted() }

  /// The configuration of the branch at `factor` times the present batch.
  public func configuration(factor: Int) -> RunConfiguration {
    let schedule = configuration.batchSchedule
    let first = state.step
    let steps = settings.steps / factor
    let warmup = (settings.warmupSteps + factor - 1) / factor
    var branch = configuration
    branch.general.run = "x\(factor)"
    branch.apus.runFolder = folder.appendingPath("x\(factor)")
    branch.checkpoints.path = nil
    branch.checkpoints.resumePath = checkpoint.path
    branch.checkpoints.loadOptimizer = false
    branch.checkpoints.loadLearningRateScheduler = true
    branch.checkpoints.saveInitialState = false
    branch.checkpoints.saveFinalState = true
    branch.checkpoints.interval = Int.max
    branch.apus.validation.interval = Int.max
    branch.apus.keepCheckpoints = 1
    branch.apus.noiseScaleInterval = nil
    branch.tokens.trainSteps = first + steps
    branch.dataStages.removeAll { $0.startTrainingStep > first + 1 }
    // The samples that the run has read stay read; micro-batches stay as they are and only grow in number.
    let sequences = schedule.sequences(step: first + 1)
    var before = [BatchSchedule.Stretch]()
    var left = first
    for stretch in schedule.warmup + [.init(steps: first, sequences: schedule.full)] where left > 0 {
      before.append(.init(steps: min(left, stretch.steps), sequences: stretch.sequences))
      left -= stretch.steps
    }
    branch.apus.batchWarmup = before + [.init(steps: steps, sequences: sequences * factor)]
    branch.optimizer.schedule = LearningRateSchedule(
      peak: configuration.optimizer.schedule.learningRate(step: first) * Double(factor).squareRoot(), minimum: 0,
      warmupSteps: 0, decayStartingStep: 0, decaySteps: 0,
      phases: [.init(start: first, steps: warmup, style: .linear, from: 1 / Double(warmup + 1), to: 1)])
    return branch
  }

  /// Trains a branch, or continues it where it was stopped.
  /// - Throws: the error of a run that cannot go on, or of a stop that was asked for.
  public func run(
    factor: Int, on backend: any Backend = CPUBackend(), matrixRate: Double?,
    report: @escaping (Trainer.Event) -> Void
  ) throws -> Branch {
    let branch = configuration(factor: factor)
    let run = try TrainingRun(branch, runName: branch.general.run)
    let trainer = try Trainer(run, on: backend, matrixRate: matrixRate, report: report)
    guard case .finished = try trainer.train() else {
      throw FileError(path: run.folder, problem: "was stopped before its end; the same command goes on")
    }
    return try outcome(factor: factor, run: run)
  }

  private func outcome(factor: Int, run: TrainingRun) throws -> Branch {
    let configuration = run.configuration
    let steps = settings.steps / factor
    let first = state.step + steps - steps / 4
    let losses = try RunMetrics(file: run.folder.appendingPath("metrics.jsonl")).steps.filter { $0.step > first }
    let sequences = configuration.batchSchedule.sequences(step: state.step + 1)
    let length = configuration.dataStages.last?.sequenceLength ?? configuration.tokens.sequenceLength
    return Branch(
      factor: factor, sequences: sequences, tokensAnUpdate: sequences * length,
      learningRate: configuration.optimizer.schedule.peak, steps: steps,
      loss: losses.reduce(0) { $0 + $1.loss } / Double(max(losses.count, 1)))
  }

  /// Whether a branch ended within the tolerance of the one at the present batch.
  public func matches(_ branch: Branch, _ present: Branch) -> Bool { branch.loss <= present.loss + settings.tolerance }

  /// The largest batch that matches while all smaller ones do.
  public func largestMatch(_ branches: [Branch]) -> Branch? {
    guard let present = branches.first else { return nil }
    return branches.prefix { matches($0, present) }.last
  }

  private static func commonMultiple(_ a: Int, _ b: Int) -> Int {
    var (x, y) = (a, b)
    while y != 0 { (x, y) = (y, x % y) }
    let (product, overflow) = (a / x).multipliedReportingOverflow(by: b)
    return overflow ? a : product
  }
}
