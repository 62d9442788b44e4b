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
    basis.write { host in
      host.floats.update(repeating: 0)
      for i in 0..<host.shape[0] { host.floats[i * host.shape[1] + i] = 1 }
    }
  }

  /// One step of a power iteration from the present basis, its directions sorted by what the preconditioner does in
  /// them; `second`, the second moment in this basis, is sorted alike.
  func follow(_ second: Tensor, in execution: Execution) {
    let size = basis.shape[0]
    let images = SOAP.product(basis, gram, in: execution)
    let strengths = basis.read { basis in
      images.read { images in
        (0..<size).map { row in
          (row * size..<(row + 1) * size).reduce(0.0) { $0 + Double(basis.floats[$1]) * Double(images.floats[$1]) }
        }
      }
    }
    let order = (0..<size).sorted { (strengths[$1], $0) < (strengths[$0], $1) }
    let sources = Tensor(order.map(Int32.init), in: execution.arena)
    execution.backend.gatherRows(images, sources: sources, output: basis)
    execution.backend.orthonormalize(basis)
    sort(second, by: order, sources, in: execution)
  }

  private func sort(_ second: Tensor, by order: [Int], _ sources: Tensor, in execution: Execution) {
    let copy = Tensor(second.shape, .float32, in: execution.arena)
    execution.backend.combine(1, second, 0, nil, into: copy)
    if isRows {
      execution.backend.gatherRows(copy, sources: sources, output: second)
    } else {
      execution.backend.gatherColumns(of: [copy], order.map { ColumnSpan(column: $0, count: 1) }, into: second)
    }
  }
}
