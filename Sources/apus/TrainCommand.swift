import ArgumentParser
import Formats
import Foundation
import Reporting
import Tensors
import Training

/// `apus train`: one run from a configuration, begun or continued.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a model from a YAML configuration, or continue its run.",
    discussion: """
      The configuration is nanotron's. A run that has checkpoints continues from the newest; Ctrl-C finishes the \
      step, saves and says how to go on. The run folder receives config.yaml, metrics.jsonl, report.html and \
      checkpoints/<step>, each a Hugging Face folder.

      Examples:
        apus train config.yaml --dry-run
        apus train config.yaml --device cuda
        apus train config.yaml --set tokens.train_steps=200 --set general.run=short
        apus train config.yaml --set optimizer.optimizer_factory.name=muon
        apus train wide.yaml --set apus.mup.base_width=256 --set apus.init_cutoff_factor=3
        apus train runs/stable/config.yaml --decay-from runs/stable/checkpoints/800 --decay-steps 200
      """)

  @Argument(help: "The configuration.", completion: .file(extensions: ["yaml", "yml"])) var config: String
  @Option(help: "Where to compute, in place of apus.device: auto, cpu, cuda, cuda:1.") var device: DeviceChoice?
  @Option(name: .customLong("set"), help: "Change a key of the configuration; may be given several times.")
  var overrides: [String] = []
  @Option(
    help: "Begin from this checkpoint of a run with a constant rate and bring the rate down, in a run of its own.",
    completion: .directory) var decayFrom: String?
  @Option(help: "Updates of that decay.") var decaySteps: Int?
  @Option(help: "Shape of that decay: 1-sqrt, linear or cosine.") var decayStyle = "1-sqrt"
  @Option(help: "The rate at the end of that decay.") var decayTo = 0.0
  @Flag(help: "Print the plan (parameters, memory, tokens, operations, expected time) and stop.") var dryRun = false
  @Flag(help: "Print figures as JSON.") var json = false

  func validate() throws {
    guard (decayFrom == nil) == (decaySteps == nil) else {
      throw ValidationError("--decay-from and --decay-steps belong together")
    }
    guard LearningRateSchedule.DecayStyle(rawValue: decayStyle) != nil else {
      throw ValidationError("--decay-style '\(decayStyle)' is not one of linear, cosine, 1-sqrt")
    }
  }

  func run() throws {
    let changes = try overrides.map { try ConfigurationOverride($0) }
    var (configuration, warnings) = try RunConfiguration.read(path: config, overrides: changes)
    if let decayFrom, let decaySteps, let style = LearningRateSchedule.DecayStyle(rawValue: decayStyle) {
      configuration = try configuration.decayBranch(
        from: Checkpoint(path: decayFrom), steps: decaySteps, style: style, minimum: decayTo)
    }
    if let device { configuration.apus.device = device }
    for warning in warnings { TrainingStart.say("warning: \(warning)") }
    let run = try TrainingRun(configuration, runName: Self.runName(configuration))
    let start = try TrainingStart(run)
    if dryRun {
      start.announce()
      print(json ? start.plan.json.serializedString(pretty: true) : start.plan.text)
      return
    }
    start.begin()
    let console = TrainingConsole(totalSteps: configuration.tokens.trainSteps, logInterval: configuration.logInterval)
    let trainer = try Trainer(run, on: start.device.backend, matrixRate: start.matrixRate) { console.show($0) }
    let outcome: Trainer.Outcome
    do {
      outcome = try trainer.train()
      console.finish()
    } catch {
      console.finish()
      throw error
    }
    try finish(outcome, run)
  }

  private func finish(_ outcome: Trainer.Outcome, _ run: TrainingRun) throws {
    switch outcome {
    case .finished(let step):
      let record = try RunRecord(folder: run.folder)
      if json {
        print(RunSummary(record).json.serializedString(pretty: true))
      } else {
        print("finished after \(step) steps: \(run.checkpoints.checkpoint(step).path)")
        print("report: \(run.folder.appendingPath("report.html"))")
      }
    case .stopped(let step):
      TrainingStart.say("stopped after step \(step), saved in \(run.checkpoints.checkpoint(step).path)")
      let file = decayFrom == nil ? config : run.folder.appendingPath("config.yaml")
      let changes =
        decayFrom == nil
        ? overrides.map { " --set \($0)" }.joined() + (device.map { " --device \($0)" } ?? "") : ""
      TrainingStart.say("to continue: apus train \(file)\(changes)")
    }
  }

  private static func runName(_ configuration: RunConfiguration) -> String {
    configuration.runName(
      date: LocalTime.text(Date().timeIntervalSince1970, format: "%Y%m%d_%H%M%S"),
      jobIdentifier: ProcessInfo.processInfo.environment["SLURM_JOB_ID"] ?? "local")
  }
}
