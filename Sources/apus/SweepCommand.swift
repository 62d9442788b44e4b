import ArgumentParser
import Formats
import Foundation
import Lab
import Planning
import Reporting
import Training

/// `apus sweep`: one configuration at several learning rates.
struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Train a configuration at several learning rates and say which is best.",
    discussion: """
      Each rate is trained with the first seed, as `apus train` does, in the folder RUN-lr-RATE-seed-SEED beside that \
      of RUN itself; the rest of the schedule, a minimum too, is scaled with the rate. Runs are judged by the \
      validation loss after the last update, or without validation by the mean training loss of the last tenth of the \
      updates. Where the best rate is the lowest or the highest, up to two more are tried there, by the same factor; \
      then the best is trained with the other seeds. A seed is that of the first weights and of the order of the data.

      Ctrl-C saves; the same command goes on, and trains nothing again that is complete. Pictures: sweep.html beside \
      the runs.

      Examples:
        apus sweep config.yaml --rates 1e-3,2e-3,4e-3 --dry-run
        apus sweep config.yaml --rates 1e-3,2e-3,4e-3 --seeds 42,43,44
        apus sweep config.yaml --rates 3e-4,1e-3 --set general.run=lion --set optimizer.optimizer_factory.name=lion
      """)

  @Argument(help: "The configuration.", completion: .file(extensions: ["yaml", "yml"])) var config: String
  @Option(help: "Learning rates, such as 1e-3,2e-3,4e-3.") var rates: String
  @Option(help: "Seeds, such as 42,43; all rates take the first. Default: general.seed.") var seeds: String?
  @Option(name: .customLong("set"), help: "Change a key of the configuration; may be given several times.")
  var overrides: [String] = []
  @Flag(help: "Try no further rates where the best lies at an edge.") var noExtend = false
  @Flag(help: "Print the plan (of a run, and how many there are) and stop.") var dryRun = false
  @Flag(help: "Print figures as JSON.") var json = false

  func run() throws {
    let rates = try Self.list(rates, "--rates", "numbers such as 1e-3,2e-3") { Double($0) }
    let seeds = try seeds.map { try Self.list($0, "--seeds", "whole numbers such as 42,43") { Int($0) } } ?? []
    let changes = try overrides.map { try ConfigurationOverride($0) }
    let (configuration, warnings) = try RunConfiguration.read(path: config, overrides: changes)
    let sweep: RateSweep
    do {
      sweep = try RateSweep(configuration, rates: rates, seeds: seeds, mostExtensions: noExtend ? 0 : 2)
    } catch let error as RateSweep.WrongArgument {
      throw ValidationError(error.description)
    }
    for warning in warnings { TrainingStart.say("warning: \(warning)") }
    let runs = try sweep.rates.map { try sweep.trainingRun(rate: $0, seed: sweep.seeds[0]) }
    let start = try TrainingStart(runs[0])
    if dryRun {
      try printPlan(start.plan, sweep)
      return
    }
    start.begin()
    var console: TrainingConsole?
    defer { console?.finish() }
    let outcome = try sweep.run(on: start.device.backend, matrixRate: start.matrixRate) { event in
      switch event {
      case .beginning(let rate, let seed, let run):
        console = TrainingConsole(
          totalSteps: run.configuration.tokens.trainSteps, logInterval: run.configuration.logInterval)
        console?.note("learning rate \(rate), seed \(seed): \(run.folder)")
      case .trainer(let event): console?.show(event)
      case .ended(let trial):
        console?.finish()
        console = nil
        let loss = trial.hasDiverged ? "diverged" : "loss \(Quantity.number(trial.loss, digits: 5))"
        TrainingStart.say("learning rate \(trial.rate), seed \(trial.seed): \(loss)")
      }
    }
    guard outcome.isComplete else {
      console?.finish()
      TrainingStart.say("stopped; the same command goes on")
      return
    }
    print(json ? outcome.json.serializedString(pretty: true) : outcome.text + "page: \(sweep.page)")
    guard outcome.best != nil else { throw FileError(path: config, problem: "diverges at every rate of the sweep") }
  }

  private func printPlan(_ plan: RunPlan, _ sweep: RateSweep) throws {
    let found = try sweep.found()
    let left = sweep.left(after: found)
    let tokens = plan.tokens * left.runs
    let seconds = plan.expectedSeconds.map { $0 * Double(left.runs) }
    guard !json else {
      let figures = JSON.object([
        "complete": .integer(Int64(found.trials.count)), "runs": .integer(Int64(left.runs)),
        "most_further_runs": .integer(Int64(left.extensions)), "tokens": .integer(Int64(tokens)),
        "expected_seconds": seconds.map { .number($0) } ?? .null, "run": plan.json,
      ])
      print(figures.serializedString(pretty: true))
      return
    }
    var table = TextTable([.left, .right, .left])
    table.add("runs", "\(left.runs)", "to train")
    if !found.trials.isEmpty { table.add("", "\(found.trials.count)", "complete already") }
    if left.extensions > 0 { table.add("", "\(left.extensions)", "more at most, while the best rate lies at an edge") }
    table.add("tokens", Quantity.count(tokens), "of the runs to train")
    if let seconds { table.add("time", Quantity.duration(seconds), "for them") }
    print("each run\n\n\(plan.text)\nthe sweep\n\n\(table.text)", terminator: "")
  }

  private static func list<Value>(
    _ text: String, _ option: String, _ example: String, _ read: (String) -> Value?
  ) throws -> [Value] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let value = read(part.trimmingCharacters(in: .whitespaces)) else {
        throw ValidationError("\(option) '\(text)' is not a list of \(example)")
      }
      return value
    }
  }
}
