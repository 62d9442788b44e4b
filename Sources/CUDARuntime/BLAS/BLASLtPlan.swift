extension BLASLt {
  /// The descriptors of a product and the algorithm that cuBLASLt chose for it.
  final class Plan: @unchecked Sendable {
    // Safe to share: only used while the table of plans is locked.
    private(set) var operation: UInt = 0
    private(set) var left: UInt = 0
    private(set) var right: UInt = 0
    private(set) var output: UInt = 0
    /// A `cublasLtMatmulAlgo_t`.
    private(set) var algorithm: [UInt64] = []
    private let functions: BLASLtFunctions
    private let device: OpenDevice
    private let what: String

    init(_ shape: Shape, bias: DeviceAddress?, _ blas: BLASLt, _ what: String) throws(CUDAError) {
      functions = blas.functions
      device = blas.device
      self.what = what
      // CUBLAS_COMPUTE_32F: sums in float32, and float32 operands as they are. CUDA_R_32F: so are alpha and beta.
      try check(functions.createOperation(&operation, 68, 0))
      // CUBLASLT_MATMUL_DESC_TRANSA and TRANSB, of the operands in their changed places.
      try set(3, to: Int32(shape.rightTransposed ? 1 : 0))
      try set(4, to: Int32(shape.leftTransposed ? 1 : 0))
      if let bias {
        // CUBLASLT_MATMUL_DESC_EPILOGUE = CUBLASLT_EPILOGUE_BIAS, and the bias's type. The choice looks at its address.
        try set(7, to: Int32(4))
        try set(26, to: shape.result.code)
        try set(bias: bias)
      }
      right = try layout(
        shape.operands, rows: shape.columns, columns: shape.depth, transposed: shape.rightTransposed,
        stride: shape.rightStride)
      left = try layout(
        shape.operands, rows: shape.depth, columns: shape.rows, transposed: shape.leftTransposed,
        stride: shape.leftStride)
      output = try layout(
        shape.result, rows: shape.columns, columns: shape.rows, transposed: false, stride: shape.outputStride)
      algorithm = try choose(shape, blas.handle)
    }

    deinit {
      for layout in [left, right, output] where layout != 0 { _ = functions.destroyLayout(layout) }
      if operation != 0 { _ = functions.destroyOperation(operation) }
    }

    /// Sets the bias for the next product.
    func set(bias: DeviceAddress) throws(CUDAError) { try set(8, to: bias.bits) }

    /// A matrix with columns first; if transposed it lies in memory the other way round.
    private func layout(
      _ type: BLASType, rows: Int, columns: Int, transposed: Bool, stride: Int
    ) throws(CUDAError) -> UInt {
      var layout: UInt = 0
      let (rows, columns) = transposed ? (columns, rows) : (rows, columns)
      try check(functions.createLayout(&layout, type.code, UInt64(rows), UInt64(columns), Int64(stride)))
      return layout
    }

    /// The first algorithm that cuBLASLt proposes.
    private func choose(_ shape: Shape, _ handle: UInt) throws(CUDAError) -> [UInt64] {
      var preference: UInt = 0
      try check(functions.createPreference(&preference))
      defer { _ = functions.destroyPreference(preference) }
      func prefer<Value: BitwiseCopyable>(_ attribute: Int32, _ value: Value) throws(CUDAError) {
        let code = withUnsafeBytes(of: value) {
          functions.setPreference(preference, attribute, $0.baseAddress, $0.count)
        }
        try check(code)
      }
      // CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES.
      try prefer(1, UInt64(BLASLt.workspaceBytes))
      // CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK: parts of a sum are added in float32, in the output only if it is.
      try prefer(3, UInt32(shape.result == .float32 ? 3 : 2))
      // CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES and B, C, D.
      try prefer(5, shape.rightAlignment)
      try prefer(6, shape.leftAlignment)
      try prefer(7, shape.outputAlignment)
      try prefer(8, shape.outputAlignment)
      // A cublasLtMatmulHeuristicResult_t: the algorithm's 64 bytes, its workspace, a status that says if it is usable.
      var result = [UInt64](repeating: 0, count: 12)
      var count: Int32 = 0
      try check(
        functions.findAlgorithms(handle, operation, right, left, output, output, preference, 1, &result, &count))
      if count == 0 { try check(15) }
      try check(Int32(truncatingIfNeeded: result[9]))
      return Array(result.prefix(8))
    }

    private func set<Value: BitwiseCopyable>(_ attribute: Int32, to value: Value) throws(CUDAError) {
      let code = withUnsafeBytes(of: value) { functions.setOperation(operation, attribute, $0.baseAddress, $0.count) }
      try check(code)
    }

    private func check(_ code: Int32) throws(CUDAError) {
      if code != 0 { throw BLASLt.error(code, functions, what, device) }
    }
  }
}
