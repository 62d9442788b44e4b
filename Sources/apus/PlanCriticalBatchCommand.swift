import ArgumentParser
import Formats
import Reporting
import Tensors
import Training

/// `apus plan critical-batch`: the branch test of larger batches.
struct PlanCriticalBatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "critical-batch", abstract: "Try larger batches for a short while from a checkpoint of a run.",
    discussion: """
      From CHECKPOINT a short run is trained at the present batch and at each multiple of it, with the learning rate \
      times the multiple's square root, a new optimizer and a short warm-up, over the same tokens. A batch whose loss \
      stays within the tolerance costs no data. The critical batch grows during a run, so ask at several checkpoints. \
      Measured all along instead: apus.noise_scale_interval in the configuration (arXiv:1812.06162; it underestimates).

      Example:
        apus plan critical-batch runs/first/checkpoints/800 --factors 2,4,8 --steps 64
      """)

  @Argument(help: "A checkpoint of a run.", completion: .directory) var checkpoint: String
  @Option(help: "Multiples of the present batch.") var factors = "2,4,8"
  @Option(help: "Updates at the present batch; a branch at k times the batch takes a k-th of them.") var steps = 64
  @Option(help: "Updates of warm-up at the present batch.") var warmup = 8
  @Option(help: "Nats by which a branch may end above the one at the present batch.") var tolerance = 0.01
  @Option(help: "Folder of the branches' runs. Default: critical-batch beside the checkpoint.", completion: .directory)
  var output: String?
  @OptionGroup var device: DeviceOptions
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let numbers = factors.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.allSatisfy({ $0 != nil }) else {
      throw ValidationError("--factors '\(factors)' is not a list of whole numbers such as 2,4,8")
    }
    let test = try CriticalBatchTest(
      checkpoint: Checkpoint(path: checkpoint),
      settings: .init(factors: numbers.compactMap { $0 }, steps: steps, warmupSteps: warmup, tolerance: tolerance),
      folder: output ?? checkpoint.trimmedSlashes + "-critical-batch")
    StopSignal.install()
    var branches: [CriticalBatchTest.Branch] = []
    for factor in test.factors {
      let configuration = test.configuration(factor: factor)
      let console = TrainingConsole(totalSteps: configuration.tokens.trainSteps, logInterval: configuration.logInterval)
      console.note("batch times \(factor), learning rate \(configuration.optimizer.schedule.peak)")
      defer { console.finish() }
      branches.append(try test.run(factor: factor, on: device.backend(), matrixRate: nil) { console.show($0) })
    }
    print(json ? test.json(branches).serializedString(pretty: true) + "\n" : test.text(branches), terminator: "")
  }
}

extension String {
  /// Without slashes at its end.
  fileprivate var trimmedSlashes: String {
    var text = self
    while text.count > 1, text.last == "/" { text.removeLast() }
    return text
  }
}
