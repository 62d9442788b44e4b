/// Where and how a model computes: a value handed down to every operation.
public struct Execution: Sendable {
  /// The device.
  public var backend: any Backend
  /// Memory of activations and gradients in flight.
  public var arena: Arena
  /// Type of activations and of the products' operands; sums are float32 in either case.
  public var compute: DType

  /// Creates an execution on the CPU unless told otherwise.
  public init(backend: any Backend = CPUBackend(), arena: Arena = Arena(), compute: DType = .bfloat16) {
    self.backend = backend
    self.arena = arena
    self.compute = compute
  }

  /// A tensor of activations with undefined contents.
  public func tensor(_ shape: [Int], _ dtype: DType? = nil) -> Tensor { Tensor(shape, dtype ?? compute, in: arena) }
}
