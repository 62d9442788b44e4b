import CUDARuntime
import Tensors

extension CUDABackend {
  public var packsByProduct: Bool { false }

  public func packedByteCount(depth: Int, columns: Int, compute: DType) -> Int { depth * columns * compute.byteCount }

  /// Packed is the matrix as it stands, in the type of the computation.
  public func pack(_ matrix: Tensor, transposed: Bool, compute: DType, into packed: Storage, at byteOffset: Int) {
    let output = Tensor(storage: packed, byteOffset: byteOffset, shape: matrix.shape, dtype: compute)
    if matrix.dtype == compute { copy(matrix, into: output) } else { convert(matrix, into: output) }
  }

  public func multiply(
    _ left: Tensor, leftTransposed: Bool, packed: PackedMatrix, compute: DType, into output: Tensor, accumulate: Bool
  ) {
    let left = operand(left, compute)
    let depth = leftTransposed ? left.rows : left.columns
    withExtendedLifetime(left) {
      product(
        BLASMatrix(left, transposed: leftTransposed),
        BLASMatrix(packed, compute, depth: depth, columns: output.columns), into: BLASMatrix(output),
        accumulate: accumulate)
    }
  }

  public func linear(_ x: Tensor, weights: PackedMatrix, compute: DType, into output: Tensor, packedInput: Storage) {
    multiply(x, leftTransposed: false, packed: weights, compute: compute, into: output, accumulate: false)
    pack(x, transposed: false, compute: compute, into: packedInput, at: 0)
  }

  public func linearBackward(
    outputGradient: Tensor, weights: RightOperand, input: PackedMatrix, compute: DType, inputGradient: Tensor,
    weightGradient: Tensor, accumulate: Bool
  ) {
    let gradient = operand(outputGradient, compute)
    let (outputs, inputs) = (weightGradient.rows, inputGradient.columns)
    let weights = packed(weights, transposed: false, depth: outputs, columns: inputs, compute: compute)
    withExtendedLifetime((gradient, weights)) {
      product(
        BLASMatrix(gradient).columns(0..<outputs), BLASMatrix(weights, compute, depth: outputs, columns: inputs),
        into: BLASMatrix(inputGradient), accumulate: false)
      product(
        BLASMatrix(gradient, transposed: true).rows(0..<outputs),
        BLASMatrix(input, compute, depth: gradient.rows, columns: inputs), into: BLASMatrix(weightGradient),
        accumulate: accumulate)
    }
  }

  /// A right operand `[depth, columns]`, packed before or now into scratch memory.
  func packed(
    _ operand: RightOperand, transposed: Bool, depth: Int, columns: Int, compute: DType
  ) -> PackedMatrix {
    switch operand {
    case .packed(let matrix): matrix
    case .plain(let matrix):
      pack(
        matrix, transposed: transposed, compute: compute,
        into: workspace.allocate(byteCount: packedByteCount(depth: depth, columns: columns, compute: compute)))
    }
  }

  /// x in the type of the computation: itself, or a copy in scratch memory.
  func operand(_ x: Tensor, _ compute: DType) -> Tensor {
    if x.dtype == compute { return x }
    let converted = Tensor(x.shape, compute, in: workspace)
    convert(x, into: converted)
    return converted
  }

  /// output = left x right, added to what is there if `accumulate`: by cuBLASLt, but where few rows meet a matrix that
  /// lies `[columns, depth]`, which is only read, and where cuBLASLt has nothing for a shape or is missing.
  func product(_ left: BLASMatrix, _ right: BLASMatrix, into output: BLASMatrix, accumulate: Bool) {
    let depth = left.isTransposed ? left.rows : left.columns
    if output.rows == 0 || output.columns == 0 { return }
    if depth == 0 { return accumulate ? () : clear(output) }
    if !accumulate, fewRows([ListedProduct(left: left, right: right, output: output)]) { return }
    let isDone = attempt { () throws(CUDAError) in
      do throws(CUDAError) {
        try context.blas().multiply(left, right, into: output, beta: accumulate ? 1 : 0, stream: context.stream)
        return true
      } catch where error.isRefusal {
        return false
      }
    }
    if isDone { return }
    if tensorProducts([ListedProduct(left: left, right: right, output: output)], accumulate: accumulate) { return }
    tiledProduct(left, right, into: output, accumulate: accumulate)
  }

  /// The same by a kernel for every shape and stride.
  private func tiledProduct(_ left: BLASMatrix, _ right: BLASMatrix, into output: BLASMatrix, accumulate: Bool) {
    let tile = 64
    let grid = Grid((output.rows + tile - 1) / tile, (output.columns + tile - 1) / tile)
    let (leftRow, leftDepth) = left.isTransposed ? (1, left.stride) : (left.stride, 1)
    let (rightDepth, rightColumn) = right.isTransposed ? (1, right.stride) : (right.stride, 1)
    launch(
      "product", in: .products, left.type.dtype, blocks: grid, threads: 256, left.address, right.address,
      output.address, output.rows, output.columns, left.isTransposed ? left.rows : left.columns, leftRow, leftDepth,
      rightDepth, rightColumn, output.stride, output.type == .float32, accumulate)
  }

  private func clear(_ output: BLASMatrix) {
    attempt { () throws(CUDAError) in
      for row in 0..<output.rows {
        try context.fill(
          output.address + row * output.stride * output.type.byteCount, byte: 0,
          byteCount: output.columns * output.type.byteCount)
      }
    }
  }
}

extension BLASType {
  /// The type of a tensor's elements.
  init(_ dtype: DType) {
    precondition(dtype != .int32, "products are of floating-point numbers")
    self = dtype == .float32 ? .float32 : .bfloat16
  }

  /// The same as a tensor's.
  var dtype: DType { self == .float32 ? .float32 : .bfloat16 }
}

extension BLASMatrix {
  /// A tensor as a matrix, or its transpose.
  init(_ tensor: Tensor, transposed: Bool = false) {
    self.init(
      tensor.deviceAddress, BLASType(tensor.dtype), rows: tensor.rows, columns: tensor.columns, transposed: transposed)
  }

  /// A packed right operand `[depth, columns]`.
  init(_ packed: PackedMatrix, _ compute: DType, depth: Int, columns: Int) {
    let (rows, width) = packed.isTransposed ? (columns, depth) : (depth, columns)
    self.init(
      DeviceAddress(packed.pointer), BLASType(compute), rows: rows, columns: width, transposed: packed.isTransposed)
  }

  /// Some of its rows as it is meant.
  func rows(_ range: Range<Int>) -> BLASMatrix { isTransposed ? storedColumns(range) : storedRows(range) }
  /// Some of its columns as it is meant.
  func columns(_ range: Range<Int>) -> BLASMatrix { isTransposed ? storedRows(range) : storedColumns(range) }

  private func storedRows(_ range: Range<Int>) -> BLASMatrix {
    var part = self
    part.address = address + range.lowerBound * stride * type.byteCount
    part.rows = range.count
    return part
  }

  private func storedColumns(_ range: Range<Int>) -> BLASMatrix {
    var part = self
    part.address = address + range.lowerBound * type.byteCount
    part.columns = range.count
    return part
  }
}

extension CUDAError {
  /// Whether cuBLASLt is missing, or has nothing for a shape.
  fileprivate var isRefusal: Bool { kind == .missingLibrary || kind == .notSupported }
}
