public import Formats
public import Tensors

/// The same feed-forward layer for every token: a product, an activation, a product.
public struct DenseFeedForward: FeedForwardKind {
  public static let name = "dense"

  /// Of the width and activation that the model's configuration says.
  public init() {}

  public init(_ settings: inout Settings) throws {}

  public var settings: [String: JSON] { [:] }

  public func declarations(_ site: LayerSite) -> [ParameterDeclaration] {
    let c = site.configuration
    let names = site.names
    return site.linear(
      names.feedForwardInputs, rows: names.feedForwardInputs.map { _ in c.intermediateSize }, columns: c.hiddenSize,
      .feedForward, axis: 0, hasBias: c.feedForwardBias)
      + site.linear(
        [names.feedForwardOutput], rows: [c.hiddenSize], columns: c.intermediateSize, .feedForward, axis: 1,
        writesToResidual: true, hasBias: c.feedForwardBias)
  }

  public func makeLayer(_ store: ParameterStore, _ site: LayerSite) -> any FeedForwardLayer {
    FeedForward(store, site)
  }
}

/// A product, an activation, a product.
struct FeedForward: FeedForwardLayer {
  let input: WeightMatrix
  let inputBias: WeightVector?
  let activation: ModelConfiguration.Activation
  let output: WeightMatrix
  let outputBias: WeightVector?

  init(_ store: ParameterStore, _ site: LayerSite) {
    let names = site.names
    let configuration = site.configuration
    let hasBias = configuration.feedForwardBias
    input = store.weights(names.feedForwardInputs)
    inputBias = hasBias ? store.biases(names.feedForwardInputs) : nil
    activation = configuration.activation
    output = store.weights([names.feedForwardOutput])
    outputBias = hasBias ? store.biases([names.feedForwardOutput]) : nil
  }

  func forward(_ x: Variable, on tape: inout Tape) -> Variable {
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
