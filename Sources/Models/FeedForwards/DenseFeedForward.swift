public import Formats
import Tensors

/// The same feed-forward layer for every token: a product, an activation, a product.
public struct DenseFeedForward: FeedForwardKind {
  public static let name = "dense"

  /// Width between the products; nil: the model's.
  public var width: Int?
  /// nil: the model's.
  public var activation: ModelConfiguration.Activation?

  /// Of the width and activation that the model's configuration says unless given.
  public init(width: Int? = nil, activation: ModelConfiguration.Activation? = nil) {
    self.width = width
    self.activation = activation
  }

  /// `width` and `activation`.
  public init(_ settings: inout Settings) throws {
    width = try settings.integer("width")
    activation = try settings.choice("activation", ModelConfiguration.Activation.self)
  }

  public var settings: [String: JSON] {
    var settings: [String: JSON] = [:]
    settings["width"] = width.map { .integer(Int64($0)) }
    settings["activation"] = activation.map { .string($0.rawValue) }
    return settings
  }

  public func check(_ site: LayerSite) throws {
    try site.checkFeedForwardSize(parameters: 3 * Double(width ?? 0) * Double(site.configuration.hiddenSize))
  }

  public func declarations(_ site: LayerSite) -> [ParameterDeclaration] {
    let plan = MLPPlan(self, site)
    return plan.declarations(site)
  }

  public func makeLayer(_ store: ParameterStore, _ site: LayerSite) -> any FeedForwardLayer {
    MLP(store, MLPPlan(self, site))
  }

  public func keptElements(_ site: LayerSite) -> Int {
    let plan = MLPPlan(self, site)
    return (plan.inputs.count + 1) * plan.width
  }
}

/// Names and sizes of one MLP.
struct MLPPlan {
  /// Gate and up, or the only one.
  var inputs: [String]
  var output: String
  var width: Int
  var activation: ModelConfiguration.Activation
  var hasBias: Bool

  init(_ kind: DenseFeedForward, _ site: LayerSite) {
    activation = kind.activation ?? site.configuration.activation
    inputs = site.names.feedForwardInputs.suffix(activation.isGated ? 2 : 1)
    output = site.names.feedForwardOutput
    width = kind.width ?? site.configuration.intermediateSize
    hasBias = site.configuration.feedForwardBias
  }

  /// An MLP whose matrices are called `gate`, `up` and `down`, each below `name`.
  init(
    _ name: String, gate: String = "gate_proj", up: String = "up_proj", down: String = "down_proj", width: Int,
    activation: ModelConfiguration.Activation, hasBias: Bool
  ) {
    inputs = activation.isGated ? ["\(name).\(gate)", "\(name).\(up)"] : ["\(name).\(up)"]
    output = "\(name).\(down)"
    self.width = width
    self.activation = activation
    self.hasBias = hasBias
  }

  func declarations(_ site: LayerSite, activeShare: Double = 1) -> [ParameterDeclaration] {
    let hidden = site.configuration.hiddenSize
    return site.linear(
      inputs, rows: inputs.map { _ in width }, columns: hidden, .feedForward, axis: 0, hasBias: hasBias,
      activeShare: activeShare)
      + site.linear(
        [output], rows: [hidden], columns: width, .feedForward, axis: 1, writesToResidual: true, hasBias: hasBias,
        activeShare: activeShare)
  }
}

/// A product, an activation, a product.
struct MLP: FeedForwardLayer {
  let input: WeightMatrix
  let inputBias: WeightVector?
  let activation: ModelConfiguration.Activation
  let output: WeightMatrix
  let outputBias: WeightVector?

  init(_ store: ParameterStore, _ plan: MLPPlan) {
    input = store.weights(plan.inputs)
    inputBias = plan.hasBias ? store.biases(plan.inputs) : nil
    activation = plan.activation
    output = store.weights([plan.output])
    outputBias = plan.hasBias ? store.biases([plan.output]) : nil
  }

  func forward(_ x: Variable, on tape: inout Tape) -> Variable {
    let inner = tape.linear(x, input, bias: inputBias)
    let activated =
      switch activation {
      case .swiGLU: tape.swiGLU(inner)
      case .geGLU: tape.geGLU(inner)
      case .gelu: tape.gelu(inner)
      case .reluSquared, .clampedSwiGLU: tape.activation(activation.kernel, inner)
      }
    return tape.linear(activated, output, bias: outputBias)
  }
}

extension LayerSite {
  /// Refuses layers of such sizes that their model cannot be counted.
  func checkFeedForwardSize(parameters: Double, tensors: Int = 3) throws {
    guard parameters * Double(configuration.layerCount) <= 1e15, tensors * configuration.layerCount <= 10_000_000 else {
      throw SettingsError(
        key: "feed_forwards", problem: "these sizes make a model of more than a quadrillion parameters or ten million "
          + "matrices; give smaller ones")
    }
  }
}
