import Tensors

/// The feed-forward layer of one block: a product, an activation, a product.
public struct FeedForward: Sendable {
  let input: WeightMatrix
  let activation: ModelConfiguration.Activation
  let output: WeightMatrix

  init(_ store: ParameterStore, layer: Int, configuration: ModelConfiguration) {
    let names = ParameterNames(configuration).block(layer)
    input = store.matrix(names.feedForwardInputs.map { "\($0).weight" })
    activation = configuration.activation
    output = store.matrix(["\(names.feedForwardOutput).weight"])
  }

  /// x `[tokens, hidden]` to the same shape.
  public func forward(_ x: Variable, on tape: inout Tape) -> Variable {
    let inner = tape.linear(x, input)
    let activated =
      switch activation {
      case .swiGLU: tape.swiGLU(inner)
      case .geGLU: tape.geGLU(inner)
      }
    return tape.linear(activated, output)
  }
}
