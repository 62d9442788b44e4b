import ArgumentParser
import Tensors

/// The types that a model computes in, as the command line names them.
enum ComputeType: String, ExpressibleByArgument, CaseIterable {
  case bf16, f32

  /// The engine's name.
  var type: DType { self == .bf16 ? .bfloat16 : .float32 }
}
