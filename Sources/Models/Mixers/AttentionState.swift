import Tensors

/// Keys and values of the tokens that one attention layer has seen.
public struct AttentionState: MixerState {
  /// `[capacity, keyValueHeads * headDimension]`.
  private(set) var keys: Tensor
  private(set) var values: Tensor
  /// Tokens held.
  public private(set) var count = 0

  init(capacity: Int, configuration: ModelConfiguration, execution: Execution) {
    let width = configuration.keyValueHeadCount * configuration.headDimension
    keys = execution.tensor([capacity, width])
    values = execution.tensor([capacity, width])
  }

  mutating func append(_ qkv: Tensor, configuration c: ModelConfiguration) {
    let width = c.keyValueHeadCount * c.headDimension * qkv.dtype.byteCount
    let keyOffset = c.headCount * c.headDimension * qkv.dtype.byteCount
    let stride = qkv.columns * qkv.dtype.byteCount
    precondition(count + qkv.rows <= keys.shape[0], "room in the cache")
    for row in 0..<qkv.rows {
      let from = qkv.pointer + row * stride + keyOffset
      (keys.pointer + (count + row) * width).copyMemory(from: from, byteCount: width)
      (values.pointer + (count + row) * width).copyMemory(from: from + width, byteCount: width)
    }
    count += qkv.rows
  }

  /// Forgets all but the first `count` tokens.
  public mutating func truncate(to count: Int) { self.count = min(self.count, max(count, 0)) }

  public var capacity: Int { keys.shape[0] }
  public var isTruncatable: Bool { true }

  public func copied(capacity: Int, in execution: Execution) -> any MixerState {
    var copy = self
    copy.keys = execution.tensor([max(capacity, count), keys.columns], keys.dtype)
    copy.values = execution.tensor([max(capacity, count), values.columns], values.dtype)
    let bytes = keys.columns * count * keys.dtype.byteCount
    copy.keys.pointer.copyMemory(from: keys.pointer, byteCount: bytes)
    copy.values.pointer.copyMemory(from: values.pointer, byteCount: bytes)
    return copy
  }
}
