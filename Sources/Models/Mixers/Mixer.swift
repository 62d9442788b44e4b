public import Tensors

/// A way to mix the tokens of a sequence, as a value: what a configuration says before any memory exists.
///
/// A new way is one file with a kind, its mixer and its state, and one line in ``MixerRegistry``. `docs/EXTENDING.md`
/// walks through one.
public protocol MixerKind: LayerKind {
  /// Whether it reads the residual stream itself, not its norm, and beside it the embeddings of the tokens.
  var readsStream: Bool { get }
  /// The mixer over a store that holds ``LayerKind/declarations(_:)``.
  func makeMixer(_ store: ParameterStore, _ site: LayerSite) -> any Mixer
  /// What the mixer remembers of one sequence: nothing yet, with room for `capacity` tokens.
  func makeState(capacity: Int, _ site: LayerSite, in execution: Execution) -> any MixerState
  /// Bytes of that memory after `tokens` tokens.
  func stateBytes(tokens: Int, _ site: LayerSite, compute: DType) -> Int
  /// Floating-point operations of mixing that training does for one token, forward and backward, beyond the six for
  /// each parameter: softmax attention over `c` tokens on average takes `12 · heads · headDimension · c`.
  func trainingOperationsPerToken(sequenceLength: Int, _ site: LayerSite) -> Double
  /// The rotary embeddings that the mixer asks of a ``RotaryTable``; none unless said otherwise.
  func rotaryEmbeddings(_ site: LayerSite) -> [RotaryEmbedding]
}

extension MixerKind {
  public var readsStream: Bool { false }
  public func rotaryEmbeddings(_ site: LayerSite) -> [RotaryEmbedding] { [] }
}

/// What mixes the tokens of a sequence in one block: attention, or something in its place.
public protocol Mixer: Sendable {
  /// Mixes whole sequences: x `[tokens, hidden]` to the same shape.
  func forward(_ x: Variable, _ context: SequenceContext, on tape: inout Tape) -> Variable
  /// Mixes the next tokens of some sequences, one after another in the rows of x `[tokens of all, hidden]`, and takes
  /// them into `states`, which are of the type that the kind makes.
  func step(_ x: Variable, _ context: StepContext, states: inout [any MixerState], on tape: inout Tape) -> Variable
}

/// What one mixer remembers of one sequence between steps. Copies share memory until one is forked.
public protocol MixerState: Sendable {
  /// Tokens seen.
  var count: Int { get }
  /// Tokens that there is room for; `Int.max` where memory does not grow with the text.
  var capacity: Int { get }
  /// Whether ``truncate(to:)`` can go back, and copies made before a step stay what they were: a state that sums the past
  /// up is changed in place and cannot.
  var isTruncatable: Bool { get }
  /// Whether it can go back to that count: not where tokens that would then be seen are no longer held.
  func canTruncate(to count: Int) -> Bool
  /// Forgets all but the first `count` tokens; a state that sums the past up can only forget all.
  mutating func truncate(to count: Int)
  /// A copy that shares no memory, with room for `capacity` tokens, at least those held.
  func copied(capacity: Int, in execution: Execution) -> any MixerState
}

extension MixerState {
  public func canTruncate(to count: Int) -> Bool { isTruncatable || count == 0 || count == self.count }
}
