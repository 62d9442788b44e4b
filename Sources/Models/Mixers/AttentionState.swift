import Tensors

/// Keys and values of the tokens that one attention layer has seen.
public struct AttentionState: MixerState {
  /// `[capacity, width of all keys]`.
  private(set) var keys: Tensor
  /// `[capacity, width of all values]`.
  private(set) var values: Tensor
  /// Mean keys of whole blocks, float32 `[blocks, width of all keys]`, where queries choose among them.
  private(set) var means: Tensor?
  private let blocks: BlockSelection?
  /// Tokens held.
  public private(set) var count = 0

  init(
    capacity: Int, keyWidth: Int, valueWidth: Int, blocks: BlockSelection? = nil, execution: Execution
  ) {
    self.blocks = blocks
    means = blocks.map { execution.tensor([$0.blocks(for: capacity), keyWidth], .float32) }
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

  /// Takes in keys and values of tensors of their own.
  mutating func append(keys newKeys: Tensor, values newValues: Tensor) {
    precondition(count + newKeys.rows <= keys.shape[0], "room in the cache")
    let size = newKeys.dtype.byteCount
    (keys.pointer + count * keys.columns * size).copyMemory(from: newKeys.pointer, byteCount: newKeys.count * size)
    (values.pointer + count * values.columns * size)
      .copyMemory(from: newValues.pointer, byteCount: newValues.count * size)
    count += newKeys.rows
  }

  /// Works out the mean keys of blocks that have become whole since there were `before` tokens.
  mutating func updateMeans(since before: Int, _ specification: AttentionSpecification, in execution: Execution) {
    guard let means, let blocks else { return }
    execution.backend.blockMeans(
      specification, blocks, key: keys, column: 0, from: before / blocks.size, into: means)
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
    if let means, let blocks {
      let copied = execution.tensor([blocks.blocks(for: copy.capacity), means.columns], .float32)
      copied.pointer.copyMemory(from: means.pointer, byteCount: blocks.blocks(for: count) * means.columns * 4)
      copy.means = copied
    }
    return copy
  }
}
