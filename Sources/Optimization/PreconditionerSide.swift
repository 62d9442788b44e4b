import Tensors

/// Shampoo's preconditioner of one side of a matrix and the basis in which it is nearly diagonal.
struct PreconditionerSide {
  /// Whether it is that of the rows: of the product of a gradient with its transpose.
  let isRows: Bool
  /// The moving average of that product, `[side, side]`.
  let gram: Tensor
  /// Its eigenvectors as rows, `[side, side]`.
  let basis: Tensor

  /// Adds a gradient's product with itself to the average.
  func add(_ gradient: Tensor, beta: Double, in execution: Execution) {
    let outer = SOAP.product(
      gradient, gradient, leftTransposed: !isRows, rightTransposed: isRows, in: execution)
    execution.backend.combine(Float(beta), gram, Float(1 - beta), outer, into: gram)
  }

  /// Makes the first basis.
  func begin(in execution: Execution) {
    guard !execution.backend.eigenvectors(gram, into: basis) else { return }
    // No gradient at all, or what is no number: the basis in which the matrix stands.
    execution.backend.fillZero(basis)
    for i in 0..<basis.shape[0] { basis.floats[i * basis.shape[1] + i] = 1 }
  }

  /// One step of a power iteration from the present basis, its directions sorted by what the preconditioner does in
  /// them; `second`, the second moment in this basis, is sorted alike.
  func follow(_ second: Tensor, in execution: Execution) {
    let size = basis.shape[0]
    let images = SOAP.product(basis, gram, in: execution)
    let (directions, imageRows) = (basis.floats, images.floats)
    let strengths = (0..<size).map { row in
      (row * size..<(row + 1) * size).reduce(0.0) { $0 + Double(directions[$1]) * Double(imageRows[$1]) }
    }
    let order = (0..<size).sorted { (strengths[$1], $0) < (strengths[$0], $1) }
    for (row, source) in order.enumerated() {
      for i in 0..<size { directions[row * size + i] = imageRows[source * size + i] }
    }
    execution.backend.orthonormalize(basis)
    sort(second, by: order, in: execution)
  }

  private func sort(_ second: Tensor, by order: [Int], in execution: Execution) {
    let (rows, columns) = (second.shape[0], second.shape[1])
    let copy = Tensor(second.shape, .float32, in: execution.arena)
    execution.backend.combine(1, second, 0, nil, into: copy)
    let (from, to) = (copy.floats, second.floats)
    for row in 0..<rows {
      let source = isRows ? order[row] : row
      for column in 0..<columns { to[row * columns + column] = from[source * columns + (isRows ? column : order[column])] }
    }
  }
}
