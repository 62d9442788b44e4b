/// One of the three products that training a linear layer takes, to be timed.
///
/// The layer is y `[rows, outputs]` = x `[rows, inputs]` times the transpose of its weights `[outputs, inputs]`.
public struct MatrixProduct: Sendable, Equatable {
  /// Which of the three.
  public enum Kind: String, Sendable, CaseIterable {
    /// y = x W^T, with weights packed before.
    case forward
    /// dx = dy W, with weights packed before.
    case inputGradient
    /// dW += dy^T x in float32. Packing x belongs to the time, as each micro-batch has another.
    case weightGradient
  }

  /// Which product.
  public var kind: Kind
  /// Tokens that go through the layer.
  public var rows: Int
  /// Width of x.
  public var inputs: Int
  /// Width of y.
  public var outputs: Int
  /// Type of the operands.
  public var compute: DType

  /// Describes a product.
  public init(_ kind: Kind, rows: Int, inputs: Int, outputs: Int, compute: DType) {
    self.kind = kind
    self.rows = rows
    self.inputs = inputs
    self.outputs = outputs
    self.compute = compute
  }

  /// Floating-point operations: a multiplication and an addition a term.
  public var operations: Double { 2 * Double(rows) * Double(inputs) * Double(outputs) }

  /// Bytes of both operands and of the result, each once; a gradient is read and written.
  public var bytes: Double {
    let result = rows * outputs, input = rows * inputs, weight = outputs * inputs
    let size = compute.byteCount
    switch kind {
    case .forward, .inputGradient: return Double((result + input + weight) * size)
    case .weightGradient: return Double((result + input) * size + 8 * weight)
    }
  }

  /// Runs the product again and again.
  /// - Parameters:
  ///   - seconds: when to stop; the first run is not counted, and at least `minimumRuns` are.
  /// - Returns: the seconds of each run, in order.
  public func times(in execution: Execution, seconds: Double, minimumRuns: Int = 3) -> [Double] {
    let backend = execution.backend
    let arena = execution.backend.makeArena()
    let result: Tensor
    let left: Tensor
    let right: Tensor
    let storage: Storage
    let packed: PackedMatrix
    switch kind {
    case .forward, .inputGradient:
      let (depth, columns) = kind == .forward ? (inputs, outputs) : (outputs, inputs)
      left = Self.filled([rows, depth], compute, arena)
      right = Self.filled([outputs, inputs], compute, arena)
      result = Tensor([rows, columns], compute, in: arena)
      storage = arena.allocate(byteCount: backend.packedByteCount(depth: depth, columns: columns, compute: compute))
      packed = backend.pack(right, transposed: kind == .forward, compute: compute, into: storage)
    case .weightGradient:
      left = Self.filled([rows, outputs], compute, arena)
      right = Self.filled([rows, inputs], compute, arena)
      result = Tensor([outputs, inputs], .float32, in: arena)
      storage = arena.allocate(byteCount: backend.packedByteCount(depth: rows, columns: inputs, compute: compute))
      packed = PackedMatrix(storage: storage, isTransposed: false)
      backend.fillZero(result)
    }
    return repeatedTimes(in: execution, seconds: seconds, minimumRuns: minimumRuns) {
      let isGradient = kind == .weightGradient
      if isGradient { backend.pack(right, transposed: false, compute: compute, into: storage) }
      backend.multiply(
        left, leftTransposed: isGradient, packed: packed, compute: compute, into: result, accumulate: isGradient)
    }
  }

  /// Median time of packing the weights, float32 as they are kept, for the forward product.
  public func weightPackingSeconds(in execution: Execution) -> Double {
    let arena = execution.backend.makeArena()
    let weights = Self.filled([outputs, inputs], .float32, arena)
    let packed = arena.allocate(
      byteCount: execution.backend.packedByteCount(depth: inputs, columns: outputs, compute: compute))
    let times = repeatedTimes(in: execution, seconds: 0.1, minimumRuns: 3) {
      execution.backend.pack(weights, transposed: true, compute: compute, into: packed)
    }
    return times.sorted()[times.count / 2]
  }

  /// A tensor of numbers from -0.5 to 0.5; zeros would draw less power and run faster than real ones.
  private static func filled(_ shape: [Int], _ dtype: DType, _ arena: Arena) -> Tensor {
    let tensor = Tensor(shape, dtype, in: arena)
    let block = min(tensor.count, 1 << 16)
    let random = Philox(seed: 1, purpose: "matrix product")
    tensor.write { host in
      for i in 0..<block {
        let value = random.uniform(UInt64(i)) - 0.5
        if dtype == .float32 { host.floats[i] = value } else { host.halves[i] = BFloat16.bits(value) }
      }
      var done = block
      while done < host.count {
        let count = min(done, host.count - done)
        (host.pointer + done * dtype.byteCount).copyMemory(from: host.pointer, byteCount: count * dtype.byteCount)
        done += count
      }
    }
    return tensor
  }
}

/// The seconds of each run of `body` after a first one that is not counted.
func repeatedTimes(in execution: Execution, seconds: Double, minimumRuns: Int, _ body: () -> Void) -> [Double] {
  func run() {
    body()
    execution.backend.synchronize()
  }
  run()
  var times: [Double] = []
  let clock = ContinuousClock()
  let end = clock.now + .seconds(seconds)
  while times.count < minimumRuns || (clock.now < end && times.count < 10_000) {
    times.append(clock.measure(run) / .seconds(1))
  }
  return times
}
