import Synchronization
import Tensors

/// The table of one rotary embedding, as long as has been needed so far.
final class RotaryEmbeddingCache: Sendable {
  private let embedding: RotaryEmbedding
  private let arena: Arena
  private let present = Mutex<Tensor?>(nil)

  init(_ embedding: RotaryEmbedding, in arena: Arena) { (self.embedding, self.arena) = (embedding, arena) }

  /// A table that covers positions `0 ..< count`, and perhaps more.
  func table(positions count: Int) -> Tensor {
    present.withLock { present in
      if let table = present, table.shape[0] >= count { return table }
      let table = RotaryTable.table(embedding, positions: DecoderState.room(for: count), in: arena)
      present = table
      return table
    }
  }
}

/// The rotary table of a model, as long as the longest sequence so far has needed it.
final class RotaryCache: Sendable {
  private let configuration: ModelConfiguration
  private let arena: Arena
  private let present = Mutex<RotaryTable?>(nil)

  init(_ configuration: ModelConfiguration, in arena: Arena) {
    (self.configuration, self.arena) = (configuration, arena)
  }

  /// A table that covers positions `0 ..< count`, and perhaps more.
  func table(positions count: Int) -> RotaryTable {
    present.withLock { present in
      if let table = present, table.positions >= count { return table }
      let table = RotaryTable.make(configuration, positions: DecoderState.room(for: count), in: arena)
      present = table
      return table
    }
  }
}
