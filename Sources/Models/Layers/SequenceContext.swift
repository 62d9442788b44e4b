import Tensors

/// What every layer needs to know of the tokens it sees: where they stand and which of them belong together.
public struct SequenceContext: Sendable {
  /// Sequences in the batch.
  public var sequences: Int
  /// Tokens of each.
  public var length: Int
  /// Rotary position of each token, `[sequences * length]`.
  public let places: [Int32]
  /// The same for operations, int32.
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
    var places = [Int32](repeating: 0, count: sequences * length)
    for i in places.indices { places[i] = Int32(i % length) - (documentStarts?[i] ?? 0) }
    self.places = places
    positions = Tensor(places, in: arena)
    firstKeys = documentStarts.map { Tensor($0, in: arena) }
  }
}
