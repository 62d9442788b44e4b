import Tensors

/// What every layer needs to know of the tokens it sees: where they stand and which of them belong together.
public struct SequenceContext: Sendable {
  /// Sequences in the batch.
  public var sequences: Int
  /// Tokens of each.
  public var length: Int
  /// Rotary position of each token, int32 `[sequences * length]`.
  public var positions: Tensor
  /// First token, within its sequence, that each token may attend to, int32; nil: the sequence's own first.
  public var firstKeys: Tensor?
  /// Rotary table that covers the positions.
  public var rotaryTable: RotaryTable
  /// The embeddings of the tokens, `[sequences * length, hidden]`, where a mixer reads them.
  public var embedding: Variable?

  /// A training batch.
  /// - Parameter documentStarts: for each token the index, within its sequence, of its document's first token; nil:
  ///   each sequence is one document. Positions restart there.
  public init(
    sequences: Int, length: Int, documentStarts: [Int32]?, rotaryTable: RotaryTable, arena: Arena
  ) {
    self.sequences = sequences
    self.length = length
    self.rotaryTable = rotaryTable
    var positions = [Int32](repeating: 0, count: sequences * length)
    for i in positions.indices { positions[i] = Int32(i % length) - (documentStarts?[i] ?? 0) }
    self.positions = Tensor(positions, in: arena)
    firstKeys = documentStarts.map { Tensor($0, in: arena) }
  }
}
