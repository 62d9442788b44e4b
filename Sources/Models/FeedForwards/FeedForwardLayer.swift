public import Tensors

/// What follows the mixer in a block, token by token, as a value: what a configuration says before any memory exists.
public protocol FeedForwardKind: LayerKind {
  /// Whether there is no layer, and so no norm of it.
  var isNone: Bool { get }
  /// The layer over a store that holds ``LayerKind/declarations(_:)``.
  func makeLayer(_ store: ParameterStore, _ site: LayerSite) -> any FeedForwardLayer
  /// Numbers that the forward pass keeps of one token until the backward pass, besides the layer's input.
  func keptElements(_ site: LayerSite) -> Int
}

extension FeedForwardKind {
  public var isNone: Bool { false }
}

/// What follows the mixer in a block.
public protocol FeedForwardLayer: Sendable {
  /// x `[tokens, hidden]` to the same shape.
  func forward(_ x: Variable, on tape: inout Tape) -> Variable
  /// Moves what balances the layer's router by the load of a step.
  func balance(_ load: RouterLoad)
}

extension FeedForwardLayer {
  public func balance(_ load: RouterLoad) {}
}
