import CUDATensors
import Foundation
import Planning
import Reporting
import Tensors
import Training

/// What the commands that train do first: the machine is measured, and what may go wrong is said.
struct TrainingStart {
  /// The measured rate of matrix products, floating-point operations a second.
  let matrixRate: Double
  /// What a run takes on this machine.
  let plan: RunPlan
  /// Where it computes.
  let device: ComputeDevice

  /// Share of the matrix rate that a training step of a small model has been measured to reach.
  private static let expectedUtilisation = 0.5

  init(_ run: TrainingRun) throws {
    if let warning = run.layout.warning { Self.say("warning: \(warning)") }
    if let threads = run.configuration.apus.threads { InstructionSet.setThreads(threads) }
    device = try run.configuration.apus.device.opened()
    matrixRate = MachineRates.matrixRate(
      run.configuration.model.computeType == .bfloat16 ? .bfloat16 : .float32,
      in: Execution(backend: device.backend), seconds: 0.5)
    plan = run.plan(measuredRate: matrixRate * Self.expectedUtilisation)
  }

  /// To be called when training is about to begin: takes Ctrl-C over.
  func begin() {
    announce()
    StopSignal.install()
  }

  /// Says where the run computes, if that is a card, and warns of too little memory.
  func announce() {
    let available = device.freeMemory ?? Machine.current.availableMemory
    if available > 0, plan.memory.total > available {
      Self.say(
        "warning: the run needs about \(Quantity.bytes(plan.memory.total)) and \(Quantity.bytes(available)) are free; "
          + "a smaller tokens.micro_batch_size or parallelism.recompute_layer: true needs less")
    }
    if let card = device.cardName { Self.say("computing on \(card)") }
  }

  static func say(_ text: String) { FileHandle.standardError.write(Data("apus: \(text)\n".utf8)) }
}

extension TrainingConsole {
  /// Shows what the training loop tells.
  func show(_ event: Trainer.Event) {
    switch event {
    case .step(let metrics): update(metrics)
    case .validation(let metrics): show(metrics)
    case .note(let text): note(text)
    }
  }
}
