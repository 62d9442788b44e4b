import CKernels

/// The processor: kernels of `CKernels` in the variant and with the threads of ``InstructionSet``.
public struct CPUBackend: Backend {
  /// Creates the backend; it holds no state.
  public init() {}

  public func makeArena() -> Arena { Arena() }
  public var deviceBytes: Int? { nil }
  public func synchronize() {}

  public func independently(_ count: Int, _ work: @Sendable (Int) -> Void) {
    // Fewer pieces, in which threads would wait for the last ones, are better shared out each.
    guard count >= 4 * Int(apus_pool_threads()) else { return (0..<count).forEach(work) }
    withoutActuallyEscaping(work) { work in
      withUnsafePointer(to: Pieces(work: work)) { pieces in
        apus_parallel(
          Int64(count), { context, piece, _ in context?.assumingMemoryBound(to: Pieces.self).pointee.work(Int(piece)) },
          UnsafeMutableRawPointer(mutating: pieces))
      }
    }
  }
  private struct Pieces { let work: @Sendable (Int) -> Void }

  public func copy(_ x: Tensor, into output: Tensor) {
    output.pointer.copyMemory(from: x.pointer, byteCount: x.count * x.dtype.byteCount)
  }

  public var fullProduct: (rows: Int, inputs: Int, outputs: Int) { (1024, 1024, 2816) }
  public var packsByProduct: Bool { true }

  public func packedByteCount(depth: Int, columns: Int, compute: DType) -> Int {
    apus_gemm_packed_bytes(compute.kernel, Int64(depth), Int64(columns))
  }

  public func pack(_ matrix: Tensor, transposed: Bool, compute: DType, into packed: Storage, at byteOffset: Int) {
    let (depth, columns) = transposed ? (matrix.columns, matrix.rows) : (matrix.rows, matrix.columns)
    apus_gemm_pack(
      compute.kernel, Int64(depth), Int64(columns), matrix.kernelMatrix(transposed: transposed),
      packed.pointer + byteOffset)
  }

  public func multiply(
    _ left: Tensor, leftTransposed: Bool, packed: PackedMatrix, compute: DType, into output: Tensor, accumulate: Bool
  ) {
    let (rows, depth) = leftTransposed ? (left.columns, left.rows) : (left.rows, left.columns)
    apus_gemm(
      compute.kernel, Int64(rows), Int64(output.columns), Int64(depth), left.kernelMatrix(transposed: leftTransposed),
      packed.pointer, output.pointer, output.dtype.kernel, Int64(output.columns), accumulate, 1)
  }

  public func linear(_ x: Tensor, weights: PackedMatrix, compute: DType, into output: Tensor, packedInput: Storage) {
    apus_linear(
      compute.kernel, Int64(x.rows), Int64(x.columns), Int64(output.columns), x.kernelMatrix(transposed: false),
      weights.pointer, output.pointer, output.dtype.kernel, packedInput.pointer)
  }

  public func linearBackward(
    outputGradient: Tensor, weights: RightOperand, input: PackedMatrix, compute: DType, inputGradient: Tensor,
    weightGradient: Tensor, accumulate: Bool
  ) {
    let (packed, plain) = weights.kernelOperands
    apus_linear_backward(
      compute.kernel, Int64(outputGradient.rows), Int64(weightGradient.rows), Int64(inputGradient.columns),
      outputGradient.kernelMatrix(transposed: false), packed, plain, inputGradient.pointer,
      inputGradient.dtype.kernel, input.pointer, weightGradient.floats.baseAddress, accumulate)
  }

  public func q8ByteCount(inputs: Int, outputs: Int) -> Int { apus_q8_packed_bytes(Int64(inputs), Int64(outputs)) }

  public func packQ8(_ weights: Tensor, into packed: Storage, at byteOffset: Int) {
    apus_q8_pack(
      Int64(weights.columns), Int64(weights.rows), weights.floats.baseAddress, packed.pointer + byteOffset)
  }

  public func roundToQ8(_ weights: Tensor) { apus_q8_round(Int64(weights.count), weights.floats.baseAddress) }

  public func multiplyQ8(_ x: Tensor, packed: Storage, into output: Tensor) {
    apus_q8_linear(
      Int64(x.rows), Int64(x.columns), Int64(output.columns), x.pointer, x.dtype.kernel, Int64(x.columns),
      packed.pointer, output.pointer, output.dtype.kernel, Int64(output.columns))
  }

  public func addBias(_ bias: Tensor, to x: Tensor) {
    apus_add_bias(Int64(x.rows), Int64(x.columns), x.pointer, bias.floats.baseAddress, x.dtype.kernel)
  }

  public func biasBackward(outputGradient: Tensor, biasGradient: Tensor) {
    apus_bias_backward(
      Int64(outputGradient.rows), Int64(outputGradient.columns), outputGradient.pointer,
      biasGradient.floats.baseAddress, outputGradient.dtype.kernel)
  }

  public func add(_ a: Tensor, _ b: Tensor, into output: Tensor) {
    apus_add(Int64(a.count), a.pointer, b.pointer, output.pointer, a.dtype.kernel)
  }

  public func exponential(_ x: Tensor, compute: DType, into output: Tensor) {
    apus_exponential(Int64(x.count), x.floats.baseAddress, output.floats.baseAddress, compute.kernel)
  }

  public func convert(_ x: Tensor, into output: Tensor) {
    apus_convert(Int64(x.count), x.pointer, x.dtype.kernel, output.pointer, output.dtype.kernel)
  }

  public func fillZero(_ x: Tensor) {
    apus_fill_zero(Int64(x.count * x.dtype.byteCount), x.pointer)
  }

  public func embedding(ids: Tensor, table: Tensor, scale: Float, into output: Tensor) {
    apus_embedding(
      Int64(ids.count), Int64(table.columns), ids.integers.baseAddress, table.floats.baseAddress, scale,
      output.pointer, output.dtype.kernel)
  }

  public func embeddingBackward(ids: Tensor, outputGradient: Tensor, scale: Float, tableGradient: Tensor) {
    apus_embedding_backward(
      Int64(ids.count), Int64(tableGradient.columns), ids.integers.baseAddress, outputGradient.pointer,
      scale, tableGradient.floats.baseAddress, outputGradient.dtype.kernel)
  }

  public func swiGLU(_ gateUp: Tensor, output: Tensor) {
    apus_swiglu(Int64(output.rows), Int64(output.columns), gateUp.pointer, output.pointer, gateUp.dtype.kernel)
  }

  public func swiGLUBackward(_ gateUp: Tensor, outputGradient: Tensor, inputGradient: Tensor) {
    apus_swiglu_backward(
      Int64(outputGradient.rows), Int64(outputGradient.columns), gateUp.pointer, outputGradient.pointer,
      inputGradient.pointer, gateUp.dtype.kernel)
  }

  public func geGLU(_ gateUp: Tensor, output: Tensor) {
    apus_geglu(Int64(output.rows), Int64(output.columns), gateUp.pointer, output.pointer, gateUp.dtype.kernel)
  }

  public func geGLUBackward(_ gateUp: Tensor, outputGradient: Tensor, inputGradient: Tensor) {
    apus_geglu_backward(
      Int64(outputGradient.rows), Int64(outputGradient.columns), gateUp.pointer, outputGradient.pointer,
      inputGradient.pointer, gateUp.dtype.kernel)
  }

  public func gelu(_ x: Tensor, output: Tensor) {
    apus_gelu(Int64(x.count), x.pointer, output.pointer, x.dtype.kernel)
  }

  public func geluBackward(_ x: Tensor, outputGradient: Tensor, inputGradient: Tensor) {
    apus_gelu_backward(Int64(x.count), x.pointer, outputGradient.pointer, inputGradient.pointer, x.dtype.kernel)
  }

  public func sumOfSquares(_ x: Tensor) -> Double {
    apus_sum_of_squares(Int64(x.count), x.floats.baseAddress)
  }
}

extension RightOperand {
  /// The packed form or nil, and where that is nil the plain matrix.
  var kernelOperands: (packed: UnsafeRawPointer?, plain: apus_matrix) {
    switch self {
    case .packed(let matrix): (UnsafeRawPointer(matrix.pointer), apus_matrix())
    case .plain(let matrix): (nil, matrix.kernelMatrix(transposed: false))
    }
  }
}

extension Tensor {
  /// The kernels' view of a row-major matrix or its transpose.
  func kernelMatrix(transposed: Bool) -> apus_matrix {
    let stride = Int64(columns)
    return apus_matrix(
      data: UnsafeRawPointer(pointer), dtype: dtype.kernel, row_stride: transposed ? 1 : stride,
      column_stride: transposed ? stride : 1)
  }

  /// Address of the first row's element in column `column`.
  func pointer(column: Int) -> UnsafeMutableRawPointer { pointer + column * dtype.byteCount }
}
