import Formats
import Foundation
import Reporting
import Tensors
import Training

/// A sweep over the learning rate: a configuration is trained at several rates with one seed, beyond the best of them
/// where that lies at an edge, and then at the best with the other seeds.
///
/// The whole schedule is scaled with its peak, so a minimum keeps its share of it. A seed is that of the first weights
/// and of the order of the data. Every run has a folder of its own, so a sweep that was cut short goes on where it was.
public struct RateSweep: Sendable {
  /// One run of the sweep, ended.
  public struct Trial: Sendable {
    public var rate: Double
    public var seed: Int
    /// What its folder says.
    public var record: RunRecord

    /// Whether there is nothing to judge: a step's loss or gradient, or the validation loss, was not finite.
    public var hasDiverged: Bool { !loss.isFinite }

    /// Whether there was held-out data to judge by.
    public var isValidated: Bool { !record.metrics.sources.isEmpty }

    /// The mean of the sources' validation losses after the last update; without validation the mean training loss of
    /// the last tenth of the updates. Not finite for a run that diverged.
    public var loss: Double {
      guard !record.metrics.endsNonFinite else { return .nan }
      guard !isValidated else { return record.metrics.finalValidationLoss ?? .nan }
      let losses = record.metrics.steps.suffix(max(1, record.metrics.steps.count / 10)).map(\.loss)
      return losses.reduce(0, +) / Double(losses.count)
    }
  }

  /// What the sweep tells while it runs.
  public enum Event: Sendable {
    case beginning(rate: Double, seed: Int, TrainingRun)
    case trainer(Trainer.Event)
    case ended(Trial)
  }

  /// An argument that makes no sense, in one sentence.
  public struct WrongArgument: Error, CustomStringConvertible {
    public let description: String
  }

  /// The rates asked for, rising.
  public let rates: [Double]
  /// The seeds, of which the first is that of all rates.
  public let seeds: [Int]
  /// Most rates that are tried beyond those asked for.
  public let mostExtensions: Int
  private let configuration: RunConfiguration

  /// Plans a sweep.
  /// - Parameter seeds: empty for the configuration's own.
  /// - Throws: ``WrongArgument``, or a sentence on a configuration whose runs could not be found again.
  public init(_ configuration: RunConfiguration, rates: [Double], seeds: [Int] = [], mostExtensions: Int = 2) throws {
    func check(_ isRight: Bool, _ problem: String) throws {
      guard isRight else { throw WrongArgument(description: problem) }
    }
    try check(!rates.isEmpty, "a sweep needs at least one rate")
    for rate in rates { try check(rate.isFinite && rate > 0, "rate \(rate) must be a number above 0") }
    for seed in seeds { try check(seed >= 0, "seed \(seed) must be 0 or more") }
    self.rates = rates.sorted()
    for (rate, next) in zip(self.rates, self.rates.dropFirst()) {
      try check(rate != next, "rate \(rate) is given twice")
    }
    try check(Set(seeds).count == seeds.count, "a seed is given twice")
    guard !configuration.general.run.contains("%") else {
      throw ConfigurationError(
        place: "general.run", key: "",
        reason: "'\(configuration.general.run)' differs each time, so a sweep could not go on; give a name without %")
    }
    self.seeds = seeds.isEmpty ? [configuration.general.seed] : seeds
    self.mostExtensions = mostExtensions
    self.configuration = configuration
  }

  /// The folder that the runs' folders lie in.
  public var folder: String { configuration.runFolder(runName: configuration.general.run).parentPath }

  /// The page with the pictures.
  public var page: String { folder.appendingPath("sweep.html") }

  /// The run at a rate with a seed.
  /// - Throws: a sentence naming what the configuration names and is wrong, or a folder with a run of other settings.
  public func trainingRun(rate: Double, seed: Int) throws -> TrainingRun {
    var own = configuration
    own.renameRun(suffix: "-lr-\(rate)-seed-\(seed)")
    own.general.seed = seed
    for index in own.dataStages.indices { own.dataStages[index].seed = seed }
    let schedule = configuration.optimizer.schedule
    own.optimizer.schedule.peak = rate
    own.optimizer.schedule.minimum = schedule.peak > 0 ? min(rate, schedule.minimum / schedule.peak * rate) : 0
    let run = try TrainingRun(own, runName: own.general.run)
    let file = run.folder.appendingPath("config.yaml")
    if Paths.exists(file) {
      let lines = try [TextFile.read(file), own.resolvedYAML].map { $0.split(separator: "\n") }
      if let (was, wanted) = zip(lines[0], lines[1]).first(where: { $0 != $1 }) {
        throw FileError(
          path: file,
          problem: "is of a run with '\(was.trimmed)', but the sweep says '\(wanted.trimmed)'; give the sweep another "
            + "general.run, or remove that folder")
      }
    }
    return run
  }

  /// A run's outcome; nil for one that has yet to be trained, or to its end.
  public func trial(_ run: TrainingRun) throws -> Trial? {
    guard Paths.exists(run.folder.appendingPath("metrics.jsonl")) else { return nil }
    let record = try RunRecord(folder: run.folder)
    guard let last = record.metrics.steps.last else { return nil }
    let validated = record.metrics.validations.filter { $0.step == last.step }.count
    let isComplete = last.step >= run.configuration.tokens.trainSteps && validated == record.metrics.sources.count
    guard isComplete || record.metrics.endsNonFinite else { return nil }
    return Trial(
      rate: run.configuration.optimizer.schedule.peak, seed: run.configuration.general.seed, record: record)
  }

  /// How far the folders say that the sweep came.
  public func found() throws -> RateSweepOutcome {
    var outcome = RateSweepOutcome(seed: seeds[0])
    while let (rate, seed) = next(after: outcome), let ended = try trial(trainingRun(rate: rate, seed: seed)) {
      outcome.trials.append(ended)
    }
    return outcome
  }

  /// Runs left to train, and how many may come on top where the best rate lies at an edge.
  public func left(after outcome: RateSweepOutcome) -> (runs: Int, extensions: Int) {
    let tried = outcome.tried
    let asked = rates.filter { !tried.contains($0) }.count
    let more = seeds.count - (asked > 0 ? 1 : max(1, outcome.seedsAtBest.count))
    let isOpen = asked > 0 || outcome.rateBeyondTheEdge != nil
    return (asked + more, isOpen ? min(mostExtensions, rates.count + mostExtensions - tried.count) : 0)
  }

  /// Trains what is missing, continues what was cut short, and writes the page.
  /// - Returns: how far it came; a stop that was asked for is no error.
  public func run(
    on backend: any Backend = CPUBackend(), matrixRate: Double?,
    isStopRequested: () -> Bool = { StopSignal.isRequested },
    report: @escaping (Event) -> Void
  ) throws -> RateSweepOutcome {
    var outcome = RateSweepOutcome(seed: seeds[0])
    while let (rate, seed) = next(after: outcome) {
      let run = try trainingRun(rate: rate, seed: seed)
      var ended = try trial(run)
      if ended == nil {
        guard !isStopRequested() else { return outcome }
        report(.beginning(rate: rate, seed: seed, run))
        do {
          let trainer = try Trainer(run, on: backend, matrixRate: matrixRate) { report(.trainer($0)) }
          guard case .finished = try trainer.train(isStopRequested: isStopRequested) else { return outcome }
        } catch let error as TrainingStep.NonFinite {
          report(.trainer(.note("diverged: \(error)")))
        }
        ended = try trial(run)
      }
      guard let ended else { throw FileError(path: run.folder, problem: "lacks the end of its run") }
      outcome.trials.append(ended)
      report(.ended(ended))
      try AtomicFile.write(outcome.page.html, to: page)
    }
    outcome.isComplete = true
    return outcome
  }

  /// What is to be trained next; nil at the end.
  private func next(after outcome: RateSweepOutcome) -> (rate: Double, seed: Int)? {
    let tried = outcome.tried
    if let rate = rates.first(where: { !tried.contains($0) }) { return (rate, seeds[0]) }
    if tried.count < rates.count + mostExtensions, let rate = outcome.rateBeyondTheEdge { return (rate, seeds[0]) }
    guard let best = outcome.best else { return nil }
    let done = outcome.seedsAtBest
    return seeds.first { !done.contains($0) }.map { (best.rate, $0) }
  }
}

extension Substring {
  fileprivate var trimmed: String { trimmingCharacters(in: .whitespaces) }
}
