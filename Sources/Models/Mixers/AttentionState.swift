import Tensors

/// Keys and values of the tokens that one attention layer has seen, or of those that it still sees.
public struct AttentionState: MixerState {
  /// `[rows, width of all keys]`, of which ``held`` are in use.
  private(set) var keys: Tensor
  /// `[rows, width of all values]`.
  private(set) var values: Tensor
  /// Mean keys of whole blocks, float32 `[blocks, width of all keys]`, where queries choose among them.
  private(set) var means: Tensor?
  private let blocks: BlockSelection?
  private let reach: AttentionReach?
  /// Tokens behind the kept ones that are no longer held.
  private var dropped = 0
  /// Tokens seen.
  public private(set) var count = 0

  init(
    capacity: Int, keyWidth: Int, valueWidth: Int, blocks: BlockSelection? = nil, reach: AttentionReach? = nil,
    execution: Execution
  ) {
    self.blocks = blocks
    self.reach = reach
    let rows = min(capacity, reach?.rows ?? capacity)
    means = blocks.map { execution.tensor([$0.blocks(for: capacity), keyWidth], .float32) }
    keys = execution.tensor([rows, keyWidth])
    values = execution.tensor([rows, valueWidth])
  }

  /// Tokens whose keys and values are held, in the order of the text.
  public var held: Int { count - dropped }

  /// Takes in keys and values that stand in columns of `rows`.
  mutating func append(_ rows: Tensor, keyColumn: Int, valueColumn: Int, in execution: Execution) {
    write(rows, keyColumn: keyColumn, valueColumn: valueColumn, at: extend(by: rows.rows, in: execution), in: execution)
  }

  /// Counts `new` tokens more and says in which rows their keys and values are to be written.
  mutating func extend(by new: Int, in execution: Execution) -> Range<Int> {
    makeRoom(for: new, in: execution)
    count += new
    return held - new..<held
  }

  /// Writes keys and values that stand in columns of `rows` in the places of tokens that are counted already.
  func write(_ rows: Tensor, keyColumn: Int, valueColumn: Int, at places: Range<Int>, in execution: Execution) {
    for (column, into) in [(keyColumn, keys), (valueColumn, values)] {
      execution.backend.gatherColumns(
        of: [rows], [ColumnSpan(column: column, count: into.columns)], into: into[rows: places])
    }
  }

  /// Takes in keys and values of tensors of their own.
  mutating func append(keys newKeys: Tensor, values newValues: Tensor, in execution: Execution) {
    let places = extend(by: newKeys.rows, in: execution)
    execution.backend.copy(newKeys, into: keys[rows: places])
    execution.backend.copy(newValues, into: values[rows: places])
  }

  /// Works out the mean keys of blocks that have become whole since there were `before` tokens.
  func updateMeans(since before: Int, _ specification: AttentionSpecification, in execution: Execution) {
    guard let means, let blocks else { return }
    execution.backend.blockMeans(
      specification, blocks, key: keys, column: 0, from: before / blocks.size, into: means)
  }

  /// Forgets all but the first `count` tokens.
  public mutating func truncate(to count: Int) {
    precondition(canTruncate(to: count), "tokens that are still held")
    if count <= 0 { dropped = 0 }
    self.count = min(self.count, max(count, 0))
  }

  public var capacity: Int { reach == nil ? keys.shape[0] : .max }
  public var isTruncatable: Bool { true }
  public func canTruncate(to count: Int) -> Bool {
    count <= 0 || count >= self.count || dropped <= reach?.unseen(from: count) ?? 0
  }

  public func copied(capacity: Int, in execution: Execution) -> any MixerState {
    var copy = self
    copy.move(to: min(capacity, reach?.rows ?? capacity), dropping: 0, in: execution)
    if let means, let blocks {
      let copied = execution.tensor([blocks.blocks(for: copy.capacity), means.columns], .float32)
      let whole = 0..<blocks.blocks(for: count)
      execution.backend.copy(means[rows: whole], into: copied[rows: whole])
      copy.means = copied
    }
    return copy
  }

  /// Where the layer does not see the whole text: drops what is no longer seen when the rows are full, and lets a long
  /// prompt have more rows as long as it takes.
  private mutating func makeRoom(for new: Int, in execution: Execution) {
    guard let reach else {
      precondition(count + new <= keys.shape[0], "room in the cache")
      return
    }
    let unseen = max(0, reach.unseen(from: count) - dropped)
    let needed = held - unseen + new
    guard held + new > keys.shape[0] || (keys.shape[0] > reach.rows && needed <= reach.rows) else { return }
    move(to: max(needed, min(reach.rows, DecoderState.room(for: needed))), dropping: unseen, in: execution)
  }

  /// Goes on in rows of its own, so that copies keep theirs.
  private mutating func move(to rows: Int, dropping unseen: Int, in execution: Execution) {
    let rows = max(rows, held - unseen)
    let first = min(held, reach?.kept ?? held)
    func moved(_ old: Tensor) -> Tensor {
      let new = execution.tensor([rows, old.columns], old.dtype)
      execution.backend.copy(old[rows: 0..<first], into: new[rows: 0..<first])
      execution.backend.copy(old[rows: first + unseen..<held], into: new[rows: first..<held - unseen])
      return new
    }
    (keys, values) = (moved(keys), moved(values))
    dropped += unseen
  }
}
