import Tensors

/// Keys and values of the tokens that one attention layer has seen.
public struct AttentionState: MixerState {
  /// `[capacity, width of all keys]`.
  private(set) var keys: Tensor
  /// `[capacity, width of all values]`.
  private(set) var values: Tensor
  /// Tokens held.
  public private(set) var count = 0

  init(capacity: Int, keyWidth: Int, valueWidth: Int, execution: Execution) {
    keys = execution.tensor([capacity, keyWidth])
    values = execution.tensor([capacity, valueWidth])
  }

  /// Takes in keys and values that stand in columns of `rows`.
  mutating func append(_ rows: Tensor, keyColumn: Int, valueColumn: Int) {
    precondition(count + rows.rows <= keys.shape[0], "room in the cache")
    let size = rows.dtype.byteCount
    for row in 0..<rows.rows {
      let from = rows.pointer + row * rows.columns * size
      (keys.pointer + (count + row) * keys.columns * size)
        .copyMemory(from: from + keyColumn * size, byteCount: keys.columns * size)
      (values.pointer + (count + row) * values.columns * size)
        .copyMemory(from: from + valueColumn * size, byteCount: values.columns * size)
    }
    count += rows.rows
  }

  /// Forgets all but the first `count` tokens.
  public mutating func truncate(to count: Int) { self.count = min(self.count, max(count, 0)) }

  public var capacity: Int { keys.shape[0] }
  public var isTruncatable: Bool { true }

  public func copied(capacity: Int, in execution: Execution) -> any MixerState {
    var copy = self
    copy.keys = execution.tensor([max(capacity, count), keys.columns], keys.dtype)
    copy.values = execution.tensor([max(capacity, count), values.columns], values.dtype)
    let rowBytes = count * keys.dtype.byteCount
    copy.keys.pointer.copyMemory(from: keys.pointer, byteCount: keys.columns * rowBytes)
    copy.values.pointer.copyMemory(from: values.pointer, byteCount: values.columns * rowBytes)
    return copy
  }
}
