import Corpora
import Formats
import Foundation
import Models
import Optimization
import Planning
import Reporting
import Tensors
import Tokenization

/// The training loop: data, steps, validation, metrics, checkpoints; continues from the newest whole checkpoint.
public final class Trainer {
  /// What the loop tells while it runs.
  public enum Event: Sendable {
    case step(TrainingStepMetrics)
    case validation(ValidationMetrics)
    /// A sentence for the reader.
    case note(String)
  }

  /// How a run ended.
  public enum Outcome: Sendable, Equatable {
    case finished(step: Int)
    /// A stop was asked for; the run can be continued from its checkpoint of `step`.
    case stopped(step: Int)
  }

  /// The model in training.
  public let model: DecoderModel
  private let run: TrainingRun
  private let data: TrainingData
  private let validation: [ValidationSet]
  private let step: TrainingStep
  private let optimizer: Optimizer
  private let report: (Event) -> Void
  private let matrixRate: Double?
  /// Updates done.
  public private(set) var done = 0
  /// The step after which the optimizer's state began; below 0 where it was taken over and steps count anew.
  private var optimizerStart = 0

  /// Opens the data, makes or loads the model and finds the checkpoint to continue from.
  /// - Parameters:
  ///   - matrixRate: the machine's measured rate of matrix products, floating-point operations a second, which MFU
  ///     refers to.
  ///   - backend: where it computes.
  ///   - report: called on the caller's thread.
  public init(
    _ run: TrainingRun, on backend: any Backend = CPUBackend(), matrixRate: Double?, report: @escaping (Event) -> Void
  ) throws {
    self.run = run
    self.report = report
    self.matrixRate = matrixRate
    let configuration = run.configuration
    let endOfText = run.tokenizer?.endOfText
    let vocabulary = run.modelConfiguration.vocabularySize
    data = try TrainingData(configuration, vocabularySize: vocabulary, endOfText: endOfText)
    validation = try ValidationSet.all(configuration, vocabularySize: vocabulary, endOfText: endOfText)

    let execution = Execution(
      backend: backend, compute: configuration.model.computeType == .bfloat16 ? .bfloat16 : .float32)
    model = DecoderModel(
      run.modelConfiguration, trainable: true, scheme: configuration.initializationScheme(run.modelConfiguration),
      on: backend)
    optimizer = Optimizer(
      model.store, configuration.optimizer.rule, in: execution, group: configuration.parameterGroup)
    step = TrainingStep(
      model, optimizer: optimizer,
      settings: .init(
        microBatchSize: run.layout.microBatchSize, clipNorm: configuration.optimizer.gradientClipNorm,
        zLoss: configuration.model.shape.zLossEnabled ? configuration.model.shape.zLossCoefficient : 0, recompute: configuration.parallelism.recomputeLayer),
      sequenceLength: max(data.longestSequence, configuration.tokens.sequenceLength), execution: execution)
    try begin()
  }

  /// Trains to the configuration's last step or until a stop is asked for.
  /// - Throws: ``TrainingStep/NonFinite``, which the last row of the metrics shows too, or the error of a disk that is
  ///   full; checkpoints then stand as they were.
  public func train(isStopRequested: () -> Bool = { StopSignal.isRequested }) throws -> Outcome {
    let configuration = run.configuration
    let last = configuration.tokens.trainSteps
    let log = try MetricsLog(path: run.folder.appendingPath("metrics.jsonl"), continuingAfter: done)
    var saved = done
    if done == 0 {
      try validate(log)
      if configuration.checkpoints.saveInitialState { try save() }
    }
    while done < last {
      try advance(log)
      let stopping = isStopRequested()
      if done % configuration.apus.validation.interval == 0 || done == last { try validate(log) }
      let due = done % configuration.checkpoints.interval == 0
      if due || stopping || (done == last && configuration.checkpoints.saveFinalState) {
        try log.synchronize()
        try save()
        saved = done
        try writeReport()
      }
      if stopping && done < last { return .stopped(step: saved) }
    }
    try writeReport()
    return .finished(step: done)
  }

  private func advance(_ log: MetricsLog) throws {
    let number = done + 1
    let start = monotonicSeconds()
    let batch = try data.batch(step: number)
    let waited = monotonicSeconds() - start
    let rate = run.configuration.optimizer.schedule.learningRate(step: done)
    let result: TrainingStep.Result
    var failure: TrainingStep.NonFinite?
    do {
      result = try step.run(
        batch, step: number, optimizerStep: number - optimizerStart, learningRate: rate,
        measuresNoise: run.configuration.apus.noiseScaleInterval.map { number % $0 == 0 } ?? false)
    } catch let error as TrainingStep.NonFinite {
      (result, failure) = (error.result, error)
    }
    let seconds = monotonicSeconds() - start
    let tokens = Double(batch.sequences * batch.sequenceLength)
    let operations = run.modelConfiguration.trainingOperationsPerToken(sequenceLength: batch.sequenceLength)
    let metrics = TrainingStepMetrics(
      step: number, tokens: data.tokens(through: number), loss: result.loss, gradientNorm: result.gradientNorm,
      learningRate: rate, tokensPerSecond: tokens / seconds,
      mfu: matrixRate.map { operations * tokens / seconds / $0 },
      residentBytes: step.execution.backend.deviceBytes ?? ProcessMemory.residentBytes,
      stepSeconds: seconds, dataWaitSeconds: waited, noiseSignal: result.noise?.signal, noiseTrace: result.noise?.trace,
      routing: result.routing.sorted { $0.key < $1.key }.map { layer, load in
        RoutingMetrics(layer: layer, largestOverMean: load.largestOverMean, entropy: load.evenness)
      })
    try log.append(metrics)
    if let failure { throw failure }
    done = number
    report(.step(metrics))
  }

  private func validate(_ log: MetricsLog) throws {
    for set in validation {
      let metrics = try set.evaluate(with: step, step: done)
      try log.append(metrics)
      report(.validation(metrics))
    }
  }

  private func save() throws {
    let configuration = run.configuration
    let state = CheckpointState(
      step: done, tokens: data.tokens(through: done), seed: configuration.general.seed,
      globalBatchSize: run.layout.globalBatchSize, optimizer: type(of: optimizer.rule).name,
      optimizerStart: optimizerStart, instructionSet: InstructionSet.current.rawValue)
    try Checkpoint.save(
      model, optimizer: optimizer, state: state, tokenizer: run.tokenizer, configuration: configuration.resolvedYAML,
      to: run.checkpoints.checkpoint(done).path)
    try run.checkpoints.prune(keep: configuration.apus.keepCheckpoints, every: configuration.apus.keepEvery)
  }

  private func writeReport() throws {
    guard run.configuration.apus.report else { return }
    let record = try RunRecord(folder: run.folder)
    try AtomicFile.write(RunReport.html([record]), to: run.folder.appendingPath("report.html"))
  }

  /// Continues from this run's own newest checkpoint, or from the one the configuration names, or starts.
  private func begin() throws {
    let configuration = run.configuration
    try Paths.createFolder(run.folder)
    try run.checkpoints.removeAbandoned()
    if let own = try newest(in: run.checkpoints) {
      let state = try own.state()
      try check(state, of: own)
      try load(own, optimizer: optimizer)
      done = state.step
      optimizerStart = state.optimizerStart
      report(.note("continuing after step \(done) from \(own.path)"))
    } else if let resume = configuration.checkpoints.resumePath {
      try begin(from: resume)
    } else if case .folder(let path) = configuration.model.initialization {
      let stored = try StoredModel(path)
      try WeightFiles.load(
        into: model.store, from: stored.weights, exceptFor: beginNewNorms(since: stored.configuration, in: path))
    } else {
      model.store.initialize(seed: UInt64(configuration.general.seed))
    }
    try AtomicFile.write(configuration.resolvedYAML, to: run.folder.appendingPath("config.yaml"))
  }

  private func begin(from resume: String) throws {
    let configuration = run.configuration
    let single = Checkpoint(path: resume)
    let checkpoint: Checkpoint
    if Paths.exists(resume.appendingPath("state.json")) {
      try single.verify()
      checkpoint = single
    } else if let found = try newest(in: CheckpointFolder(resume)) {
      checkpoint = found
    } else {
      throw FileError(path: resume, problem: "is neither a checkpoint nor a folder of checkpoints")
    }
    let state = try checkpoint.state()
    let takesState = configuration.checkpoints.loadOptimizer
    if takesState { try checkOptimizer(state, of: checkpoint) }
    try load(checkpoint, optimizer: takesState ? optimizer : nil)
    if configuration.checkpoints.loadLearningRateScheduler { done = state.step }
    // Its steps go on being counted even where those of the run begin anew.
    optimizerStart = done - (takesState ? state.step - state.optimizerStart : 0)
    report(.note("starting from \(checkpoint.path) after step \(done)"))
  }

  private func load(_ checkpoint: Checkpoint, optimizer: Optimizer?) throws {
    let base = try ModelConfiguration(huggingFace: checkpoint.path)
    guard base.queryKeyNorm == nil || run.modelConfiguration.queryKeyNorm != nil else {
      throw FileError(
        path: checkpoint.path, problem: "has norms of queries and keys, which the configuration does not: apus.qk_norm: true "
          + "keeps them")
    }
    let new = beginNewNorms(since: base, in: checkpoint.path)
    try checkpoint.load(into: model, optimizer: optimizer, exceptFor: new)
  }

  /// The norms of queries and keys that the model in `path`, of shape `base`, lacks; they begin at 1.
  private func beginNewNorms(since base: ModelConfiguration, in path: String) -> Set<String> {
    let new = run.newNorms(since: base)
    guard !new.isEmpty else { return [] }
    model.store.initialize(seed: UInt64(run.configuration.general.seed))
    report(.note("qk_norm is new to \(path): \(new.count) norms of queries and keys begin at 1"))
    return new
  }

  private func newest(in folder: CheckpointFolder) throws -> Checkpoint? {
    try folder.newestWhole { report(.note("skipping a damaged checkpoint: \($0)")) }
  }

  private func check(_ state: CheckpointState, of checkpoint: Checkpoint) throws {
    let configuration = run.configuration
    if state.seed != configuration.general.seed || state.globalBatchSize != run.layout.globalBatchSize {
      throw FileError(
        path: checkpoint.path,
        problem: "was made with seed \(state.seed) and \(state.globalBatchSize) sequences an update, but the "
          + "configuration says \(configuration.general.seed) and \(run.layout.globalBatchSize); use another "
          + "general.run to start anew, or the old values to continue")
    }
    try checkOptimizer(state, of: checkpoint)
    if state.tokens != data.tokens(through: state.step) {
      throw FileError(
        path: checkpoint.path,
        problem: "has consumed \(state.tokens) tokens, but by the configuration's stages and batches its \(state.step) "
          + "updates take \(data.tokens(through: state.step)); use another general.run to start anew, or the old values "
          + "to continue")
    }
    if state.instructionSet != InstructionSet.current.rawValue {
      report(
        .note(
          "the run was computed with \(state.instructionSet) kernels and goes on with "
            + "\(InstructionSet.current.rawValue): the numbers agree within rounding only"))
    }
    if state.step > configuration.tokens.trainSteps {
      report(.note("the checkpoint is already past tokens.train_steps \(configuration.tokens.trainSteps)"))
    }
  }

  private func checkOptimizer(_ state: CheckpointState, of checkpoint: Checkpoint) throws {
    let name = type(of: optimizer.rule).name
    guard state.optimizer == name else {
      throw FileError(
        path: checkpoint.path,
        problem: "was made with \(state.optimizer), but optimizer.optimizer_factory.name is \(name); begin another "
          + "general.run from it with checkpoints.load_optimizer: false")
    }
  }
}
