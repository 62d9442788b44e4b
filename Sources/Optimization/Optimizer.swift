public import Models
public import Tensors

/// A rule at work on the parameters of a store, with the state that it keeps of them.
public final class Optimizer: Sendable {
  /// One state tensor of one parameter.
  public struct StateTensor: Sendable {
    /// The parameter.
    public let parameter: String
    /// float32.
    public let tensor: Tensor
  }

  /// The rule that was asked for.
  public let rule: any UpdateRule
  /// The state by name, in the order in which it was declared: one file of a checkpoint each.
  public let states: [(name: String, tensors: [StateTensor])]
  private let store: ParameterStore
  private let pieces: [(layout: OptimizerLayout.Piece, tensors: UpdatePiece)]
  private let arena: Arena

  /// Allocates the state, which begins at zero.
  /// - Parameter group: rate and decay of a parameter; nothing given, 0.1 of decay for each.
  public init(
    _ store: ParameterStore, _ rule: any UpdateRule, in execution: Execution,
    group: (ParameterDeclaration) -> ParameterGroup = { _ in ParameterGroup() }
  ) {
    self.store = store
    self.rule = rule
    let layout = OptimizerLayout(store.declarations, rule: rule, group: group)
    let arena = execution.backend.makeArena()
    self.arena = arena
    let buffers = layout.states.map { Tensor([$0.count], .float32, in: arena) }
    for buffer in buffers { execution.backend.fillZero(buffer) }
    func view(_ flat: Tensor, _ first: Int, _ shape: [Int]) -> Tensor {
      Tensor(storage: flat.storage, byteOffset: flat.byteOffset + first * 4, shape: shape, dtype: .float32)
    }
    states = zip(layout.states, buffers).map { state, buffer in
      let tensors = state.entries.map { entry in
        StateTensor(
          parameter: store.parameters[entry.parameter].name, tensor: view(buffer, entry.offset, entry.shape))
      }
      return (state.name, tensors)
    }
    guard let gradient = store.gradient else {
      pieces = []
      return
    }
    pieces = layout.pieces.map { piece in
      let tensors = UpdatePiece(
        weight: view(store.master, piece.range.lowerBound, piece.shape),
        gradient: view(gradient, piece.range.lowerBound, piece.shape),
        state: piece.state.map { view(buffers[$0.index], $0.range.lowerBound, $0.shape) })
      return (piece, tensors)
    }
  }

  /// Updates the weights from the store's gradients.
  /// - Parameters:
  ///   - step: counts from 1 since the state began.
  ///   - gradientScale: multiplies every gradient: clipping.
  public func update(step: Int, learningRate: Double, gradientScale: Double, in execution: Execution) {
    for (layout, tensors) in pieces {
      let factor = layout.group.learningRateFactor * layout.assignment.learningRateFactor
      layout.assignment.rule.update(
        tensors,
        at: UpdateStep(
          number: step, learningRate: learningRate * factor, weightDecay: layout.group.weightDecay,
          gradientScale: gradientScale, execution: execution))
    }
    store.version.advance()
  }
}
