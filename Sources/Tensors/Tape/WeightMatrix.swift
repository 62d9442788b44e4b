import Synchronization

/// The matrix of a linear layer, `[outputs, inputs]`: one parameter, or several that lie one after another in memory
/// and are multiplied as one (query, key and value; gate and up).
///
/// Its packed forms are made on first use after a change of the weights, once for all micro-batches of a step.
public final class WeightMatrix: Sendable {
  /// The parameters, in the order of their rows.
  public let parameters: [Parameter]
  /// float32 `[outputs, inputs]` over all parameters.
  public let master: Tensor
  /// float32 `[outputs, inputs]`, or nil where the parameters are frozen.
  public let gradient: Tensor?
  private let version: WeightVersion

  private enum Form: Hashable {
    case packed(transposed: Bool, DType, InstructionSet)
    case q8
  }
  private struct Packed {
    let storage: Storage
    let version: Int
  }
  private let forms = Mutex<[Form: Packed]>([:])
  private let arena: Arena

  /// Joins parameters of equal width that are neighbours in memory.
  public init(_ parameters: [Parameter], version: WeightVersion, arena: Arena) {
    precondition(!parameters.isEmpty, "at least one parameter")
    let first = parameters[0].master
    var end = first.byteOffset
    for parameter in parameters {
      precondition(
        parameter.master.byteOffset == end && parameter.shape[1] == first.shape[1],
        "fused parameters are neighbours of equal width")
      end += parameter.master.count * 4
    }
    self.parameters = parameters
    let shape = [parameters.reduce(0) { $0 + $1.shape[0] }, first.shape[1]]
    master = Tensor(storage: first.storage, byteOffset: first.byteOffset, shape: shape, dtype: .float32)
    gradient = parameters[0].gradient.map {
      Tensor(storage: $0.storage, byteOffset: $0.byteOffset, shape: shape, dtype: .float32)
    }
    self.version = version
    self.arena = arena
  }

  /// Width of the output.
  public var outputs: Int { master.shape[0] }
  /// Width of the input.
  public var inputs: Int { master.shape[1] }

  /// The packed right operand `[inputs, outputs]` of the forward product, or `[outputs, inputs]` of the input
  /// gradient's, for the weights as they are now.
  func packed(forForward forward: Bool, in execution: Execution) -> Storage {
    let (depth, columns) = forward ? (inputs, outputs) : (outputs, inputs)
    return current(
      .packed(transposed: forward, execution.compute, .current),
      byteCount: execution.backend.packedByteCount(depth: depth, columns: columns, compute: execution.compute)
    ) { execution.backend.pack(master, transposed: forward, compute: execution.compute, into: $0) }
  }

  /// The weights in blocks of eight bits, as they are now.
  func packedQ8(in execution: Execution) -> Storage {
    current(.q8, byteCount: execution.backend.q8ByteCount(inputs: inputs, outputs: outputs)) {
      execution.backend.packQ8(master, into: $0)
    }
  }

  /// A derived form, made anew by `make` where it is missing or the weights have changed since.
  private func current(_ form: Form, byteCount: @autoclosure () -> Int, make: (Storage) -> Void) -> Storage {
    let now = version.current
    return forms.withLock { forms in
      if let packed = forms[form], packed.version == now { return packed.storage }
      let storage = forms[form]?.storage ?? arena.allocate(byteCount: byteCount())
      make(storage)
      forms[form] = Packed(storage: storage, version: now)
      return storage
    }
  }

  /// output `[rows, outputs]` = x `[rows, inputs]` times the transpose of the weights, in the format that suits so many
  /// rows; nothing is kept for a backward pass.
  func multiply(_ x: Tensor, into output: Tensor, in execution: Execution) {
    if execution.weightFormat == .q8, x.rows <= execution.backend.q8Rows, inputs % 32 == 0 {
      execution.backend.multiplyQ8(x, packed: packedQ8(in: execution), into: output)
    } else {
      execution.backend.multiply(
        x, leftTransposed: false, packed: packed(forForward: true, in: execution), compute: execution.compute,
        into: output, accumulate: false)
    }
  }
}

/// Counts the changes of a set of weights, so that derived forms know when they are stale.
public final class WeightVersion: Sendable {
  private let counter = Atomic<Int>(0)

  /// Starts at zero.
  public init() {}
  /// The present version.
  public var current: Int { counter.load(ordering: .acquiring) }
  /// To be called after the weights were written.
  public func advance() { counter.add(1, ordering: .releasing) }
}
