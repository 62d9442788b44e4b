import Synchronization

/// cuBLASLt on one card: matrix products with sums in float32, and what is added to them on the way out.
///
/// Which algorithm computes a product follows from shapes, types and alignment alone, for one card and version: nothing
/// is timed, and partial sums are float32, so that two runs give the same bits. Float32 products are float32 throughout;
/// TF32 is never used.
public final class BLASLt: Sendable {
  /// The file that it was opened from.
  public let path: String
  /// Its version.
  public let version: CUDAVersion
  let functions: BLASLtFunctions
  let handle: UInt
  let device: OpenDevice
  private let workspace: UInt64
  private let plans = Mutex<[Shape: Result<Plan, CUDAError>]>([:])

  /// What NVIDIA recommends for Hopper and later; the algorithms that need more are none that pay here.
  static let workspaceBytes = 32 << 20

  init(_ functions: BLASLtFunctions, _ device: OpenDevice) throws(CUDAError) {
    self.functions = functions
    self.device = device
    path = functions.library.path
    version = CUDAVersion(tenThousands: functions.version())
    try device.makeCurrent()
    var handle: UInt = 0, workspace: UInt64 = 0
    let code = functions.create(&handle)
    if code != 0 { throw Self.error(code, functions, "starting cuBLASLt", device) }
    self.handle = handle
    try device.check(
      device.functions.allocate(&workspace, Self.workspaceBytes), "reserving \(Self.workspaceBytes) bytes for cuBLASLt")
    self.workspace = workspace
  }

  deinit {
    device.makeCurrentIfPossible()
    plans.withLock { $0.removeAll() }
    _ = device.functions.free(workspace)
    _ = functions.destroy(handle)
  }

  /// output = alpha * left x right + beta * output, plus a bias.
  ///
  /// The two operands have one type. With bfloat16 operands the output is bfloat16 or float32, with float32 ones
  /// float32. Any strides and addresses work; multiples of 16 bytes are fast.
  /// - Parameters:
  ///   - left: `[m, k]`, as it is meant: rows and columns of a transposed matrix count the other way round.
  ///   - right: `[k, n]`.
  ///   - output: `[m, n]`, not transposed.
  ///   - beta: 0 overwrites the output, whatever was there; 1 adds to it.
  ///   - bias: `[n]` in the output's type, added to every row; nil: none.
  /// - Throws: ``CUDAError`` naming shapes and types where cuBLASLt has nothing for them (`notSupported`), or fails.
  public func multiply(
    _ left: BLASMatrix, _ right: BLASMatrix, into output: BLASMatrix, alpha: Float = 1, beta: Float = 0,
    bias: DeviceAddress? = nil, stream: CUDAStream
  ) throws(CUDAError) {
    let (rows, depth) = left.shape
    let (rightDepth, columns) = right.shape
    precondition(
      depth == rightDepth && output.rows == rows && output.columns == columns && !output.isTransposed
        && left.type == right.type, "operands of a product that fit")
    if rows == 0 || columns == 0 { return }
    precondition(depth > 0, "a product of nothing is the caller's: its output is to be filled")
    try device.makeCurrent()
    let shape = Shape(left, right, output, bias: bias, readsOutput: beta != 0)
    func what() -> String { "multiplying \(left.description) by \(right.description) into \(output.description)" }
    // The plan's descriptor holds the bias's address: one product at a time is put into the stream.
    let failure: CUDAError? = plans.withLock { plans in
      do throws(CUDAError) {
        let plan: Plan
        if let known = plans[shape] {
          plan = try known.get()
        } else {
          plan = try Plan(shape, bias: bias, self, what())
          plans[shape] = .success(plan)
        }
        if let bias { try plan.set(bias: bias) }
        let code = run(plan, left, right, output, alpha, beta, stream)
        if code != 0 { throw Self.error(code, functions, what(), device) }
        return nil
      } catch {
        // What may go better the next time is not remembered.
        if error.kind == .notSupported { plans[shape] = .failure(error) }
        return error
      }
    }
    if let failure { throw failure }
  }

  /// What it had nothing for so far, in sentences.
  public var refusals: [String] {
    plans.withLock { plans in
      plans.values.compactMap { if case .failure(let error) = $0 { error.description } else { nil } }.sorted()
    }
  }

  /// cuBLASLt counts columns first, so it computes the transpose: right and left change places.
  private func run(
    _ plan: Plan, _ left: BLASMatrix, _ right: BLASMatrix, _ output: BLASMatrix, _ alpha: Float, _ beta: Float,
    _ stream: CUDAStream
  ) -> Int32 {
    withUnsafePointer(to: alpha) { alpha in
      withUnsafePointer(to: beta) { beta in
        plan.algorithm.withUnsafeBytes { algorithm in
          functions.multiply(
            handle, plan.operation, alpha, right.address.bits, plan.right, left.address.bits, plan.left, beta,
            output.address.bits, plan.output, output.address.bits, plan.output, algorithm.baseAddress, workspace,
            Self.workspaceBytes, stream.handle)
        }
      }
    }
  }

  static func error(
    _ code: Int32, _ functions: BLASLtFunctions, _ operation: String, _ device: OpenDevice
  ) -> CUDAError {
    let name = functions.statusName(code).map { String(cString: $0) } ?? "status \(code)"
    // CUBLAS_STATUS_ALLOC_FAILED, INVALID_VALUE and NOT_SUPPORTED.
    let kind: CUDAError.Kind =
      switch code {
      case 3: .outOfMemory
      case 7, 15: .notSupported
      default: .call(code: Int(code))
      }
    return CUDAError(kind, "\(operation) on \(device.device.name) failed with \(name)")
  }
}

extension BLASLt {
  /// What a plan depends on.
  struct Shape: Hashable {
    let rows: Int, columns: Int, depth: Int
    let leftStride: Int, rightStride: Int, outputStride: Int
    let leftTransposed: Bool, rightTransposed: Bool
    let operands: BLASType, result: BLASType
    let leftAlignment: UInt32, rightAlignment: UInt32, outputAlignment: UInt32
    /// 0 without a bias.
    let biasAlignment: UInt32
    let readsOutput: Bool

    init(_ left: BLASMatrix, _ right: BLASMatrix, _ output: BLASMatrix, bias: DeviceAddress?, readsOutput: Bool) {
      rows = output.rows
      columns = output.columns
      depth = left.shape.columns
      leftStride = left.stride
      rightStride = right.stride
      outputStride = output.stride
      leftTransposed = left.isTransposed
      rightTransposed = right.isTransposed
      operands = left.type
      result = output.type
      leftAlignment = left.address.alignment
      rightAlignment = right.address.alignment
      outputAlignment = output.address.alignment
      biasAlignment = bias?.alignment ?? 0
      self.readsOutput = readsOutput
    }
  }
}
