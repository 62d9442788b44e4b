import Tensors

/// The feed-forward layer of one block: a product, an activation, a product.
public struct FeedForward: Sendable {
  let input: WeightMatrix
  let inputBias: WeightVector?
  let activation: ModelConfiguration.Activation
  let output: WeightMatrix
  let outputBias: WeightVector?

  init(_ store: ParameterStore, layer: Int, configuration: ModelConfiguration) {
    let names = ParameterNames(configuration).block(layer)
    let hasBias = configuration.feedForwardBias
    input = store.weights(names.feedForwardInputs)
    inputBias = hasBias ? store.biases(names.feedForwardInputs) : nil
    activation = configuration.activation
    output = store.weights([names.feedForwardOutput])
    outputBias = hasBias ? store.biases([names.feedForwardOutput]) : nil
  }

  /// x `[tokens, hidden]` to the same shape.
  public func forward(_ x: Variable, on tape: inout Tape) -> Variable {
    let inner = tape.linear(x, input, bias: inputBias)
    let activated =
      switch activation {
      case .swiGLU: tape.swiGLU(inner)
      case .geGLU: tape.geGLU(inner)
      case .gelu: tape.gelu(inner)
      }
    return tape.linear(activated, output, bias: outputBias)
  }
}
