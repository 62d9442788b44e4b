import Foundation

/// Where a layer stands: the model around it, its number, its names, and how wide its first values are drawn.
public struct LayerSite: Sendable {
  /// The model's.
  public let configuration: ModelConfiguration
  /// From 0.
  public private(set) var layer: Int
  /// What the names of the block's parameters begin with, such as `model.layers.3`.
  public var name: String {
    "\(configuration.family.kind.names.blocks).\(layer)" + (part.map { ".\($0)" } ?? "")
  }
  /// What stands between the block's name and those of its parameters.
  private var part: String?
  /// How first values are drawn.
  public let scheme: InitializationScheme
  /// Standard deviation of first values where nothing special holds.
  public var standardDeviation: Float { Float(configuration.initializerRange) }
  var names: ParameterNames.Block { configuration.family.kind.block(name, configuration) }

  /// Layer `layer` (from 0) of a model.
  public init(
    _ configuration: ModelConfiguration, layer: Int, scheme: InitializationScheme = .init()
  ) {
    self.configuration = configuration
    self.layer = layer
    self.scheme = scheme
  }

  /// The same but for the names: those of a part of this layer, or of another.
  func part(_ part: String, ofLayer layer: Int? = nil) -> LayerSite {
    var site = self
    site.part = part
    site.layer = layer ?? self.layer
    return site
  }

  /// Matrices `[rows, columns]` that are multiplied as one, then their biases.
  /// - Parameters:
  ///   - names: whole names, without `.weight` and `.bias`.
  ///   - axis: the dimension that tensor parallelism divides.
  ///   - writesToResidual: whether the result is added to the residual stream.
  ///   - activeShare: the part of the tokens that go through them.
  public func linear(
    _ names: [String], rows: [Int], columns: Int, _ component: ParameterDeclaration.Component, axis: Int?,
    writesToResidual: Bool = false, hasBias: Bool = false, activeShare: Double = 1
  ) -> [ParameterDeclaration] {
    let narrowing = writesToResidual ? scheme.scaling.divisor(layer: layer, of: configuration.layerCount) : 1
    let deviation = standardDeviation / sqrtf(narrowing * Float(scheme.widthMultiplier))
    let weights = zip(names, rows).map { name, rows in
      var weight = ParameterDeclaration(
        name: "\(name).weight", shape: [rows, columns], initialization: scheme.normal(standardDeviation: deviation),
        shardAxis: axis, component: component, activeShare: activeShare)
      weight.widthMultiplier = scheme.widthMultiplier
      return weight
    }
    guard hasBias else { return weights }
    return weights
      + zip(names, rows).map { name, rows in
        vector("\(name).bias", rows, 0, component, shardAxis: axis == 0 ? 0 : nil, activeShare: activeShare)
      }
  }

  /// A vector whose first values are all the same.
  /// - Parameter name: the whole name.
  public func vector(
    _ name: String, _ width: Int, _ value: Float, _ component: ParameterDeclaration.Component, shardAxis: Int? = nil,
    activeShare: Double = 1, isOptimized: Bool = true
  ) -> ParameterDeclaration {
    ParameterDeclaration(
      name: name, shape: [width], initialization: .constant(value), shardAxis: shardAxis, component: component,
      activeShare: activeShare, isOptimized: isOptimized)
  }

  /// Refuses a layer whose settings, in every layer, would make more parameters than sizes are computed for (see
  /// ``ModelConfiguration/hasCountableSize``).
  func checkCountable(parameters: Double, _ key: String) throws {
    guard parameters * Double(configuration.layerCount) <= 1e15 else {
      throw SettingsError(key: key, problem: "these sizes make a model of more than a quadrillion parameters")
    }
  }

  /// The parameters of a norm of the model's kind; none where the block has no such norm.
  public func norm(_ name: String?, _ width: Int) -> [ParameterDeclaration] {
    guard let name else { return [] }
    return configuration.norm(name, width)
  }
}
