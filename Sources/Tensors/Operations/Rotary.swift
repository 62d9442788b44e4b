/// Heads that a rotary embedding turns: one after another from a column on.
public struct RotaryHeads: Sendable {
  /// Where the first begins to turn.
  public var column: Int
  public var count: Int
  /// From one head to the next; the elements beyond those that turn stay.
  public var dimension: Int
  /// Whether neighbours make a pair, not an element of the first half and one of the second.
  public var isInterleaved: Bool

  /// `count` heads.
  public init(column: Int = 0, count: Int, dimension: Int, isInterleaved: Bool = false) {
    (self.column, self.count, self.dimension) = (column, count, dimension)
    self.isInterleaved = isInterleaved
  }
}

extension Tape {
  /// Rotary position embedding (RoPE, arXiv:2104.09864) of heads of each row, in place: `x` must have no other reader.
  /// - Parameters:
  ///   - positions: int32 `[tokens]`.
  ///   - table: cosines and sines, float32 `[positions, 2, pairs]`; of each head the first `2 * pairs` elements turn.
  public mutating func rotary(_ x: Variable, heads: RotaryHeads, positions: Tensor, table: Tensor) -> Variable {
    let execution = execution
    execution.backend.rotary(x.tensor, heads: heads, positions: positions, table: table, inverse: false)
    return record(inputs: [x], output: x.tensor) { gradient in
      execution.backend.rotary(gradient, heads: heads, positions: positions, table: table, inverse: true)
      return [gradient]
    }
  }
}
