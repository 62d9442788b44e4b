public import Tensors

/// A parameter's values in the order in which checkpoints hold them.
extension ParameterDeclaration {
  /// Hands `body` the values of a tensor of this parameter's shape as a checkpoint holds them.
  public func withStoredValues<Result>(
    of tensor: Tensor, _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    let values = UnsafeBufferPointer(tensor.floats)
    guard isStoredTransposed else { return try body(values) }
    let stored = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
    defer { stored.deallocate() }
    transpose(values, rows: shape[0], into: stored)
    return try body(UnsafeBufferPointer(stored))
  }

  /// Changes values of this parameter's shape to those that a checkpoint holds.
  func changeToStored(_ values: UnsafeMutableBufferPointer<Float>) {
    if isStoredTransposed { transpose(values, rows: shape[0]) }
  }
}

/// Puts the transpose of a matrix of `rows` rows in its place.
func transpose(_ matrix: UnsafeMutableBufferPointer<Float>, rows: Int) {
  let copy = UnsafeMutableBufferPointer<Float>.allocate(capacity: matrix.count)
  defer { copy.deallocate() }
  _ = copy.update(fromContentsOf: matrix)
  transpose(UnsafeBufferPointer(copy), rows: rows, into: matrix)
}

/// Writes the transpose of a matrix of `rows` rows.
private func transpose(
  _ matrix: UnsafeBufferPointer<Float>, rows: Int, into result: UnsafeMutableBufferPointer<Float>
) {
  let columns = matrix.count / max(rows, 1)
  // In squares that stay in the cache.
  let side = 32
  for row0 in stride(from: 0, to: rows, by: side) {
    for column0 in stride(from: 0, to: columns, by: side) {
      for row in row0..<min(row0 + side, rows) {
        for column in column0..<min(column0 + side, columns) {
          result[column * rows + row] = matrix[row * columns + column]
        }
      }
    }
  }
}
