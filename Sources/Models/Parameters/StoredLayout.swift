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

  /// Lets `body` fill a tensor of this parameter's shape as a checkpoint holds it.
  func fillFromStored(_ tensor: Tensor, _ body: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows {
    guard isStoredTransposed else { return try body(tensor.floats) }
    let stored = UnsafeMutableBufferPointer<Float>.allocate(capacity: tensor.count)
    defer { stored.deallocate() }
    try body(stored)
    transpose(UnsafeBufferPointer(stored), rows: storedShape[0], into: tensor.floats)
  }
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
