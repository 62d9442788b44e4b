import ArgumentParser
import CUDATensors
import Tensors

extension DeviceChoice: ExpressibleByArgument {
  public init?(argument: String) {
    guard let choice = try? DeviceChoice(argument) else { return nil }
    self = choice
  }
}

/// Where a command computes.
struct DeviceOptions: ParsableArguments {
  @Option(help: "Where to compute: auto (a card where there is one), cpu, cuda, or cuda:1 for the second card.")
  var device: DeviceChoice = .auto

  /// Opens it, and says why a card is passed over.
  func open() throws -> ComputeDevice { try device.opened() }

  /// What computes.
  func backend() throws -> any Backend { try open().backend }
}

extension DeviceChoice {
  /// Opens it, and says on standard error why a card is passed over.
  func opened() throws -> ComputeDevice {
    let device = try ComputeDevice(self)
    if let warning = device.warning { TrainingStart.say("warning: \(warning)") }
    return device
  }
}
