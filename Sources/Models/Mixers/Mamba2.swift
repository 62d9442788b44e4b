public import Formats
import Tensors

/// Mamba-2 (arXiv:2405.21060): a state space with one decay for each head, keys and queries (B and C) shared by groups of
/// heads, a short convolution, and a SiLU gate before the norm or after it.
public struct Mamba2: RecurrentKind {
  public static let name = "mamba2"
  /// Heads of values, the width of each, the width of keys and queries, which groups of heads share; taps of the
  /// convolution.
  public var heads, dimension, stateSize, groups, taps: Int
  /// Whether each group's results are normalised, and whether that is before the gate.
  public var hasNorm = true, normIsBeforeGate = false
  public var hasConvolutionBias = true
  /// Between which time steps are kept; nil: they may be as small, or as large, as they are.
  public var smallestTimeStep, largestTimeStep: Double?
  /// What the projection's parts are multiplied by: gate, values, keys, queries and time steps (Falcon-H1).
  public var factors: [Double]?

  /// Mamba-2 of these sizes, with a norm after the gate and a bias in the convolution.
  public init(heads: Int, dimension: Int = 64, stateSize: Int = 128, groups: Int = 1, taps: Int = 4) {
    (self.heads, self.dimension, self.stateSize, self.groups, self.taps) = (heads, dimension, stateSize, groups, taps)
  }

  public init(_ settings: inout Settings) throws {
    self.init(
      heads: try settings.requiredInteger("heads", in: 1...4096),
      dimension: try settings.integer("head_dimension", in: 1...4096) ?? 64,
      stateSize: try settings.integer("state_size", in: 1...4096) ?? 128,
      groups: try settings.integer("groups", in: 1...4096) ?? 1,
      taps: try settings.integer("convolution", in: 2...64) ?? 4)
    hasNorm = try settings.flag("norm") ?? true
    normIsBeforeGate = try settings.flag("norm_before_gate") ?? false
    hasConvolutionBias = try settings.flag("convolution_bias") ?? true
    smallestTimeStep = try settings.number("smallest_time_step")
    largestTimeStep = try settings.number("largest_time_step")
    factors = try settings.numbers("factors", count: 5)
    guard heads % groups == 0 else {
      throw settings.error("groups", "\(groups) does not divide the \(heads) heads")
    }
    guard smallestTimeStep ?? 0 < largestTimeStep ?? .infinity else {
      throw settings.error("largest_time_step", "it must be above smallest_time_step")
    }
  }

  public var settings: [String: JSON] {
    let sizes = [
      "heads": heads, "head_dimension": dimension, "state_size": stateSize, "groups": groups, "convolution": taps,
    ]
    var members = sizes.mapValues { JSON($0) }
    members["norm"] = .bool(hasNorm)
    members["convolution_bias"] = .bool(hasConvolutionBias)
    if normIsBeforeGate { members["norm_before_gate"] = true }
    members["smallest_time_step"] = smallestTimeStep.map { .number($0) }
    members["largest_time_step"] = largestTimeStep.map { .number($0) }
    members["factors"] = factors.map { .array($0.map { .number($0) }) }
    return members
  }

  var sizes: StateHeads {
    StateHeads(count: heads, keyHeads: groups, keyDimension: stateSize, valueDimension: dimension)
  }

  public func check(_ site: LayerSite) throws {
    let columns = Double(3 * sizes.valueWidth + 2 * sizes.keyWidth)
    try site.checkCountable(parameters: Double(site.configuration.hiddenSize) * columns, "heads")
  }

  public func declarations(_ site: LayerSite) -> [ParameterDeclaration] {
    let hidden = site.configuration.hiddenSize
    let channels = sizes.valueWidth + 2 * sizes.keyWidth
    let at = "\(site.name).mamba"
    func initial(_ name: String, _ values: ParameterDeclaration.Initialization) -> ParameterDeclaration {
      ParameterDeclaration(
        name: "\(at).\(name)", shape: [heads], initialization: values, shardAxis: 0, component: .attention)
    }
    return site.linear(
      ["\(at).in_proj"], rows: [sizes.valueWidth + channels + heads], columns: hidden, .attention, axis: 0)
      + ShortConvolution.declarations(
        "\(at).conv1d", channels: channels, taps: taps, hasBias: hasConvolutionBias, site)
      + [
        initial("dt_bias", DecayInitialization.timeSteps(heads)),
        initial("A_log", DecayInitialization.logarithms(heads)), initial("D", .constant(1)),
      ] + (hasNorm ? [site.vector("\(at).norm.weight", sizes.valueWidth, 1, .norm)] : [])
      + site.linear(
        ["\(at).out_proj"], rows: [hidden], columns: sizes.valueWidth, .attention, axis: 1, writesToResidual: true)
  }

  public func makeMixer(_ store: ParameterStore, _ site: LayerSite) -> any Mixer { Mamba2Mixer(store, site, self) }

  func memories(_ site: LayerSite) -> [MemoryShape] {
    [sizes.memory, ShortConvolution.memory(channels: sizes.valueWidth + 2 * sizes.keyWidth, taps: taps)]
  }
}

struct Mamba2Mixer: RecurrentMixer {
  let heads: StateHeads
  let projection, output: WeightMatrix
  let convolution: ShortConvolution
  let timeBias, decayRate, skip: Parameter
  let norm: Parameter?
  let normIsBeforeGate: Bool
  let epsilon: Float
  /// One for each column of the projection.
  let factors: Parameter?
  /// nil: they stay as they are.
  let timeSteps: ClosedRange<Float>?

  init(_ store: ParameterStore, _ site: LayerSite, _ kind: Mamba2) {
    let at = "\(site.name).mamba"
    heads = kind.sizes
    projection = store.weights(["\(at).in_proj"])
    output = store.weights(["\(at).out_proj"])
    convolution = ShortConvolution(store, "\(at).conv1d", hasBias: kind.hasConvolutionBias)
    timeBias = store.required("\(at).dt_bias")
    decayRate = store.required("\(at).A_log")
    skip = store.required("\(at).D")
    norm = kind.hasNorm ? store.required("\(at).norm.weight") : nil
    normIsBeforeGate = kind.normIsBeforeGate
    epsilon = Float(site.configuration.normEpsilon)
    let widths = [heads.valueWidth, heads.valueWidth, heads.keyWidth, heads.keyWidth, heads.count]
    factors = kind.factors.map { Parameter(constants: zip($0, widths).map { (Float($0), $1) }, in: store.arena) }
    timeSteps =
      kind.smallestTimeStep == nil && kind.largestTimeStep == nil
      ? nil : Float(kind.smallestTimeStep ?? 0)...Float(kind.largestTimeStep ?? .infinity)
  }

  func mix(_ x: Variable, _ run: RecurrentRun, on tape: inout Tape) -> Variable {
    let (inner, width) = (heads.valueWidth, heads.keyWidth)
    let projected = tape.linear(x, projection)
    let parts = tape.split(
      factors.map { tape.scaleColumns(projected, by: $0) } ?? projected, [inner, inner + 2 * width, heads.count])
    let convolved = tape.split(run.convolve(parts[1], convolution, memory: 1, on: &tape), [inner, width, width])
    var step = tape.map(parts[2], .softplus, bias: timeBias, as: .float32)
    if let timeSteps { step = tape.clamp(step, to: timeSteps) }
    let mixed = run.attend(
      query: convolved[2], key: convolved[1], value: tape.scaleHeads(convolved[0], by: step),
      decay: tape.scaleColumns(step, by: decayRate, factor: .negativeExp), heads, scale: 1, memory: 0, on: &tape)
    let results = tape.scaleColumns(convolved[0], by: skip, plus: mixed)
    if normIsBeforeGate { return tape.linear(tape.gate(normed(results, on: &tape), by: parts[0], .silu), output) }
    return tape.linear(normed(tape.gate(results, by: parts[0], .silu), on: &tape), output)
  }

  private func normed(_ x: Variable, on tape: inout Tape) -> Variable {
    norm.map { tape.groupNorm(x, $0, groups: heads.keyHeads, epsilon: epsilon) } ?? x
  }
}
