import Synchronization

/// The matrix of a linear layer, `[outputs, inputs]`: one parameter, or several that lie one after another in memory
/// and are multiplied as one (query, key and value; gate and up).
///
/// Its packed forms are made on first use after a change of the weights, once for all micro-batches of a step.
public final class WeightMatrix: Sendable {
  /// The parameters, in the order of their rows.
  public let parameters: [Parameter]
  /// Width of the output.
  public let outputs: Int
  /// Width of the input.
  public let inputs: Int
  /// float32 `[outputs, inputs]` over all parameters; nil where they stay where they are stored.
  let master: Tensor?
  /// float32 `[outputs, inputs]`, or nil where the parameters are frozen.
  public let gradient: Tensor?
  private let version: WeightVersion

  private enum Form: Equatable {
    case packed(transposed: Bool, DType, InstructionSet)
    case q8
  }
  private struct Packed {
    let form: Form
    let storage: Storage
    var version: Int
  }
  /// Two or three: searching them takes less time than a hash, which every layer of every written token would need.
  private let forms = Mutex<[Packed]>([])
  private let arena: Arena

  /// Rows of stored parameters that are read at a time, in elements; and of what number they are a multiple.
  private static let partSize = 1 << 21
  private static let partRows = 256
  /// Elements from which on a packed form is worth being without where it is used a few times a step.
  public static let large = 1 << 24
  /// Rows of a product that takes far longer than packing weights for it does.
  private static let manyRows = 2048

  /// Joins parameters of equal width that are neighbours in memory, or are all stored.
  public init(_ parameters: [Parameter], version: WeightVersion, arena: Arena) {
    precondition(!parameters.isEmpty, "at least one parameter")
    self.parameters = parameters
    self.version = version
    self.arena = arena
    inputs = parameters[0].shape[1]
    outputs = parameters.reduce(0) { $0 + $1.shape[0] }
    precondition(parameters.allSatisfy { [inputs] in $0.shape[1] == inputs }, "fused parameters are of equal width")
    if parameters[0].stored != nil {
      precondition(parameters.allSatisfy { $0.stored != nil }, "fused parameters are all stored or none is")
      (master, gradient) = (nil, nil)
      return
    }
    let first = parameters[0].master
    var end = first.byteOffset
    for parameter in parameters {
      precondition(parameter.master.byteOffset == end, "fused parameters are neighbours")
      end += parameter.count * 4
    }
    let shape = [outputs, inputs]
    master = Tensor(storage: first.storage, byteOffset: first.byteOffset, shape: shape, dtype: .float32)
    gradient = parameters[0].gradient.map {
      Tensor(storage: $0.storage, byteOffset: $0.byteOffset, shape: shape, dtype: .float32)
    }
  }

  /// The packed right operand `[inputs, outputs]` of the forward product, or `[outputs, inputs]` of the input
  /// gradient's, for the weights as they are now; one form for both where the backend packs them as they stand.
  /// - Parameter rows: Of the product. Of many, whose weights are not used again, the form is not kept either.
  func packed(forForward forward: Bool, rows: Int = 0, in execution: Execution) -> PackedMatrix {
    let byProduct = execution.backend.packsByProduct
    func byteCount(outputs: Int) -> Int {
      let (depth, columns) = forward ? (inputs, outputs) : (outputs, inputs)
      return execution.backend.packedByteCount(depth: depth, columns: columns, compute: execution.compute)
    }
    func pack(into storage: Storage) {
      forEachPart(isWhole: !forward && byProduct) { part, firstRow in
        execution.backend.pack(
          part, transposed: forward, compute: execution.compute, into: storage,
          at: forward || !byProduct ? byteCount(outputs: firstRow) : 0)
      }
    }
    if isUsedOnce(rows: rows, in: execution) {
      let storage = execution.arena.allocate(byteCount: byteCount(outputs: outputs))
      pack(into: storage)
      return PackedMatrix(storage: storage, isTransposed: forward)
    }
    let form = Form.packed(transposed: forward && byProduct, execution.compute, .current)
    let storage = current(form, byteCount: byteCount(outputs: outputs), make: pack)
    return PackedMatrix(storage: storage, isTransposed: forward)
  }

  /// Whether the weights change, so that a packed form is work for some products only and memory for all of the time.
  private func isRepacked(in execution: Execution) -> Bool { gradient != nil && execution.backend.packsByProduct }

  /// Whether a product of so many rows is the only one with trained weights before they change.
  private func isUsedOnce(rows: Int, in execution: Execution) -> Bool {
    isRepacked(in: execution) && !execution.reusesWeights && rows >= Self.manyRows
  }

  /// The same right operand for a product that can pack it a part at a time. That is left to it, and nothing kept, where
  /// it is the only product with trained weights, or unless `keepsPacked` where these are large.
  func operand(forForward forward: Bool, rows: Int, keepsPacked: Bool, in execution: Execution) -> RightOperand {
    let isTooLarge = isRepacked(in: execution) && !keepsPacked && outputs * inputs >= Self.large
    if isTooLarge || isUsedOnce(rows: rows, in: execution), let master { return .plain(master) }
    return .packed(packed(forForward: forward, in: execution))
  }

  /// The weights in blocks of eight bits, as they are now.
  func packedQ8(in execution: Execution) -> Storage {
    current(.q8, byteCount: execution.backend.q8ByteCount(inputs: inputs, outputs: outputs)) { storage in
      forEachPart(isWhole: false) { part, firstRow in
        execution.backend.packQ8(
          part, into: storage, at: execution.backend.q8ByteCount(inputs: inputs, outputs: firstRow))
      }
    }
  }

  /// Calls `body` with the weights, or where they are stored, with one part of their rows after the other.
  /// - Parameter isWhole: whether all rows are wanted at once all the same.
  private func forEachPart(isWhole: Bool, _ body: (_ part: Tensor, _ firstRow: Int) -> Void) {
    if let master { return body(master, 0) }
    let most = isWhole ? outputs : max(1, Self.partSize / Self.partRows / max(inputs, 1)) * Self.partRows
    let room = Tensor([min(most, outputs), inputs], .float32, in: arena)
    for start in stride(from: 0, to: outputs, by: most) {
      let part = room[rows: 0..<min(most, outputs - start)]
      part.write { host in
        var first = 0
        for parameter in parameters {
          let (low, high) = (max(start, first), min(start + part.rows, first + parameter.shape[0]))
          if low < high {
            parameter.stored?.read(low - first..<high - first, into: host[rows: low - start..<high - start].floats)
          }
          first += parameter.shape[0]
        }
      }
      body(part, start)
      for parameter in parameters { parameter.stored?.release() }
    }
  }

  /// A derived form, made anew by `make` where it is missing or the weights have changed since.
  private func current(_ form: Form, byteCount: @autoclosure () -> Int, make: (Storage) -> Void) -> Storage {
    let now = version.current
    return forms.withLock { forms in
      let known = forms.firstIndex { $0.form == form }
      if let known, forms[known].version == now { return forms[known].storage }
      let storage = known.map { forms[$0].storage } ?? arena.allocate(byteCount: byteCount())
      make(storage)
      if let known { forms[known].version = now } else { forms.append(Packed(form: form, storage: storage, version: now)) }
      return storage
    }
  }

  /// output `[rows, outputs]` = x `[rows, inputs]` times the transpose of the weights, read in the format of the
  /// execution if blocks fill their rows; nothing is kept for a backward pass.
  func multiply(_ x: Tensor, into output: Tensor, in execution: Execution) {
    if execution.weightFormat == .q8, inputs % 32 == 0 {
      execution.backend.multiplyQ8(x, packed: packedQ8(in: execution), into: output)
    } else {
      execution.backend.multiply(
        x, leftTransposed: false, packed: packed(forForward: true, rows: x.rows, in: execution),
        compute: execution.compute, into: output, accumulate: false)
    }
  }
}

extension WeightMatrix {
  /// Whether a product is to write the gradient, as all of it is still that of the step before; it is to be added to
  /// otherwise. To be asked once before each.
  func writesGradient(in backend: any Backend) -> Bool {
    let writes = parameters.allSatisfy(\.isStale)
    for parameter in parameters { parameter.expectsProduct(writes: writes, in: backend) }
    return writes
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
