import Tensors

/// What every layer needs to know of the next tokens of some sequences, whose pasts their states hold.
public struct StepContext: Sendable {
  /// New tokens of each sequence; their rows stand one sequence after another.
  public let lengths: [Int]
  /// Rotary position of each new token, `[tokens of all]`.
  public let places: [Int32]
  /// The same for operations, int32.
  public let positions: Tensor
  /// Rotary table that covers the positions.
  public let rotaryTable: RotaryTable
  /// The embeddings of the new tokens, `[tokens of all, hidden]`, where a mixer reads them.
  public var embedding: Variable?

  /// The next `lengths[i]` tokens of sequence `i`, of which `pasts[i]` are already in its state.
  public init(pasts: [Int], lengths: [Int], rotaryTable: RotaryTable, arena: Arena) {
    self.lengths = lengths
    self.rotaryTable = rotaryTable
    places = zip(pasts, lengths).flatMap { past, length in (past..<past + length).map(Int32.init) }
    positions = Tensor(places, in: arena)
  }
}
