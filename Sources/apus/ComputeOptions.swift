import ArgumentParser
import CUDATensors
import Inference
import Tensors

extension WeightFormat: ExpressibleByArgument {}

/// How a model computes where it writes text.
struct ComputeOptions: ParsableArguments {
  @Option(help: "How weights are read: compute (bf16 or float32) or q8_0, in blocks of eight bits.")
  var weights: WeightFormat = .compute

  @Flag(help: "Compute in float32 instead of bfloat16.")
  var float32 = false

  @OptionGroup var device: DeviceOptions

  /// The model of a folder or file, ready to compute so.
  func load(_ path: String) throws -> LanguageModel { try load(path, on: device.open()) }

  /// The same on a device that is open.
  func load(_ path: String, on device: ComputeDevice) throws -> LanguageModel {
    try LanguageModel(
      directory: path, compute: float32 ? .float32 : .bfloat16, weightFormat: weights, on: device.backend)
  }
}
