public import Formats
import Tensors

/// The same feed-forward layer for every token: a product, an activation, a product.
public struct DenseFeedForward: FeedForwardKind {
  public static let name = "dense"

  /// Width between the products; nil: the model's.
  public var width: Int?
  /// nil: the model's.
  public var activation: ModelConfiguration.Activation?
  /// What the gate and what the layer gives are multiplied by (Falcon-H1).
  public var gateFactor = 1.0, outputFactor = 1.0

  /// Of the width and activation that the model's configuration says unless given.
  public init(
    width: Int? = nil, activation: ModelConfiguration.Activation? = nil, gateFactor: Double = 1,
    outputFactor: Double = 1
  ) {
    (self.width, self.activation) = (width, activation)
    (self.gateFactor, self.outputFactor) = (gateFactor, outputFactor)
  }

  /// `width`, `activation`, `gate_factor` and `output_factor`.
  public init(_ settings: inout Settings) throws {
    width = try settings.integer("width")
    activation = try settings.choice("activation", ModelConfiguration.Activation.self)
    gateFactor = try settings.number("gate_factor") ?? 1
    outputFactor = try settings.number("output_factor") ?? 1
  }

  public var settings: [String: JSON] {
    var settings: [String: JSON] = [:]
    settings["width"] = width.map { .integer(Int64($0)) }
    settings["activation"] = activation.map { .string($0.rawValue) }
    if gateFactor != 1 { settings["gate_factor"] = .number(gateFactor) }
    if outputFactor != 1 { settings["output_factor"] = .number(outputFactor) }
    return settings
  }

  public func check(_ site: LayerSite) throws {
    try site.checkFeedForwardSize(parameters: 3 * Double(width ?? 0) * Double(site.configuration.hiddenSize))
    guard gateFactor == 1 || (activation ?? site.configuration.activation).isGated else {
      throw SettingsError(key: "gate_factor", problem: "this activation has no gate; leave it out")
    }
  }

  public func declarations(_ site: LayerSite) -> [ParameterDeclaration] {
    let plan = MLPPlan(self, site)
    return plan.declarations(site)
  }

  public func makeLayer(_ store: ParameterStore, _ site: LayerSite) -> any FeedForwardLayer {
    MLP(store, MLPPlan(self, site), gateFactor: gateFactor, outputFactor: outputFactor)
  }

  public func keptElements(_ site: LayerSite) -> Int {
    let plan = MLPPlan(self, site)
    return plan.innerWidth + plan.width
  }
}

/// Names and sizes of one MLP.
struct MLPPlan {
  /// Gate and up, both in one, or the only one.
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

  /// Rows of all inputs.
  var innerWidth: Int { activation.isGated ? 2 * width : width }

  func declarations(_ site: LayerSite, activeShare: Double = 1) -> [ParameterDeclaration] {
    let hidden = site.configuration.hiddenSize
    var matrices = site.linear(
      inputs, rows: inputs.map { _ in innerWidth / inputs.count }, columns: hidden, .feedForward, axis: 0,
      hasBias: hasBias, activeShare: activeShare)
    if inputs.count == 1, activation.isGated { matrices[0].fusedRows = [width, width] }
    return matrices
      + site.linear(
        [output], rows: [hidden], columns: width, .feedForward, axis: 1, writesToResidual: true, hasBias: hasBias,
        activeShare: activeShare)
  }
}

/// A product, an activation, a product.
final class MLP: FeedForwardLayer {
  let input: WeightMatrix
  let inputBias: WeightVector?
  let activation: ModelConfiguration.Activation
  let output: WeightMatrix
  let outputBias: WeightVector?
  /// What is added to gate and up.
  let adapter: LowRankMatrices?
  /// One for each column of gate and up.
  let factors: Parameter?
  let outputFactor: Double

  init(
    _ store: ParameterStore, _ plan: MLPPlan, gateFactor: Double = 1, outputFactor: Double = 1,
    adapter: LowRankMatrices? = nil
  ) {
    self.adapter = adapter
    factors =
      gateFactor == 1
      ? nil : Parameter(constants: [(Float(gateFactor), plan.width), (1, plan.width)], in: store.arena)
    self.outputFactor = outputFactor
    input = store.weights(plan.inputs)
    inputBias = plan.hasBias ? store.biases(plan.inputs) : nil
    activation = plan.activation
    output = store.weights([plan.output])
    outputBias = plan.hasBias ? store.biases([plan.output]) : nil
  }

  func forward(_ x: Variable, on tape: inout Tape) -> Variable {
    var inner = tape.linear(x, input, bias: inputBias)
    if let adapter { inner = tape.add(inner, adapter(x, on: &tape)) }
    if let factors { inner = tape.scaleColumns(inner, by: factors) }
    let activated =
      switch activation {
      case .swiGLU: tape.swiGLU(inner)
      case .geGLU: tape.geGLU(inner)
      case .gelu: tape.gelu(inner)
      case .reluSquared, .clampedSwiGLU, .geGLUExact: tape.activation(activation.kernel, inner)
      }
    return tape.scale(tape.linear(activated, output, bias: outputBias), by: outputFactor)
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
