extension Tape {
  /// Rotary position embedding (RoPE, arXiv:2104.09864) of the first `heads` heads of each row, in place: `x` must
  /// have no other reader.
  /// - Parameters:
  ///   - positions: int32 `[tokens]`.
  ///   - table: cosines and sines, float32 `[positions, 2, dimension / 2]`.
  public mutating func rotary(
    _ x: Variable, heads: Int, dimension: Int, positions: Tensor, table: Tensor
  ) -> Variable {
    let execution = execution
    execution.backend.rotary(
      x.tensor, heads: heads, dimension: dimension, positions: positions, table: table, inverse: false)
    return record(inputs: [x], output: x.tensor) { gradient in
      execution.backend.rotary(
        gradient, heads: heads, dimension: dimension, positions: positions, table: table, inverse: true)
      return [gradient]
    }
  }
}
