import ArgumentParser
import Formats
import Foundation
import Planning
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
        apus train config.yaml --set tokens.train_steps=200 --set general.run=short
      """)

  @Argument(help: "The configuration.", completion: .file(extensions: ["yaml", "yml"])) var config: String
  @Option(name: .customLong("set"), help: "Change a key of the configuration; may be given several times.")
  var overrides: [String] = []
  @Flag(help: "Print the plan (parameters, memory, tokens, operations, expected time) and stop.") var dryRun = false
  @Flag(help: "Print figures as JSON.") var json = false

  func run() throws {
    let changes = try overrides.map { try ConfigurationOverride($0) }
    let (configuration, warnings) = try RunConfiguration.read(path: config, overrides: changes)
    for warning in warnings { Self.say("warning: \(warning)") }
    let run = try TrainingRun(configuration, runName: Self.runName(configuration))
    if let warning = run.layout.warning { Self.say("warning: \(warning)") }
    if let threads = configuration.apus.threads { InstructionSet.setThreads(threads) }
    let rate = MachineRates.matrixRate(
      configuration.model.computeType == .bfloat16 ? .bfloat16 : .float32, in: Execution(), seconds: 0.5)
    let plan = run.plan(measuredRate: rate * Self.expectedUtilisation)
    if dryRun {
      print(json ? plan.json.serializedString(pretty: true) : plan.text)
      return
    }
    Self.warnOfMemory(plan)
    StopSignal.install()
    let console = TrainingConsole(totalSteps: configuration.tokens.trainSteps, logInterval: configuration.logInterval)
    let trainer = try Trainer(run, matrixRate: rate) { event in
      switch event {
      case .step(let metrics): console.update(metrics)
      case .validation(let metrics): console.show(metrics)
      case .note(let text): console.note(text)
      }
    }
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
      Self.say("stopped after step \(step), saved in \(run.checkpoints.checkpoint(step).path)")
      Self.say("to continue: apus train \(config)\(overrides.map { " --set \($0)" }.joined())")
    }
  }

  /// Share of the matrix rate that a training step of a small model has been measured to reach.
  private static let expectedUtilisation = 0.5

  private static func runName(_ configuration: RunConfiguration) -> String {
    let now = DateFormatter()
    now.dateFormat = "yyyyMMdd_HHmmss"
    now.locale = Locale(identifier: "en_US_POSIX")
    return configuration.runName(
      date: now.string(from: Date()),
      jobIdentifier: ProcessInfo.processInfo.environment["SLURM_JOB_ID"] ?? "local")
  }

  private static func warnOfMemory(_ plan: RunPlan) {
    let available = Machine.current.availableMemory
    guard available > 0, plan.memory.total > available else { return }
    say(
      "warning: the run needs about \(Quantity.bytes(plan.memory.total)) and \(Quantity.bytes(available)) are free; "
        + "a smaller tokens.micro_batch_size or parallelism.recompute_layer: true needs less")
  }

  private static func say(_ text: String) { FileHandle.standardError.write(Data("apus: \(text)\n".utf8)) }
}
