/// Where and how a model computes: a value handed down to every operation.
public struct Execution: Sendable {
  /// The device.
  public var backend: any Backend
  /// Memory of activations and gradients in flight.
  public var arena: Arena
  /// Type of activations and of the products' operands; sums are float32 in either case.
  public var compute: DType
  /// How weights are read where no gradient is wanted.
  public var weightFormat: WeightFormat
  /// Whether weights are used more than once before they change, so that their packed forms are worth keeping.
  public var reusesWeights = true

  /// Creates an execution on the CPU unless told otherwise, with an arena of the device's memory.
  public init(
    backend: any Backend = CPUBackend(), arena: Arena? = nil, compute: DType = .bfloat16,
    weightFormat: WeightFormat = .compute
  ) {
    self.backend = backend
    self.arena = arena ?? backend.makeArena()
    self.compute = compute
    self.weightFormat = weightFormat
  }

  /// A tensor of activations with undefined contents.
  public func tensor(_ shape: [Int], _ dtype: DType? = nil) -> Tensor { Tensor(shape, dtype ?? compute, in: arena) }
}

/// How the weights of a linear layer stand in memory where no gradient is wanted.
public enum WeightFormat: String, Sendable, CaseIterable {
  /// In the type of the computation.
  case compute
  /// In blocks of 32 with eight bits each and a common scale in half precision, GGUF's Q8_0: half the bytes of bfloat16.
  case q8 = "q8_0"
}
