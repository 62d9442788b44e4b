public import Formats
import Tensors

/// Mamba-2 (arXiv:2405.21060): a state space with one decay for each head, keys and queries (B and C) shared by groups of
/// heads, a short convolution, and a SiLU gate before the norm.
public struct Mamba2: RecurrentKind {
  public static let name = "mamba2"
  let heads, dimension, stateSize, groups, taps: Int
  let hasNorm, hasConvolutionBias: Bool

  public init(_ settings: inout Settings) throws {
    heads = try settings.requiredInteger("heads", in: 1...4096)
    dimension = try settings.integer("head_dimension", in: 1...4096) ?? 64
    stateSize = try settings.integer("state_size", in: 1...4096) ?? 128
    groups = try settings.integer("groups", in: 1...4096) ?? 1
    taps = try settings.integer("convolution", in: 2...64) ?? 4
    hasNorm = try settings.flag("norm") ?? true
    hasConvolutionBias = try settings.flag("convolution_bias") ?? true
    guard heads % groups == 0 else {
      throw settings.error("groups", "\(groups) does not divide the \(heads) heads")
    }
  }

  public var settings: [String: JSON] {
    let sizes = [
      "heads": heads, "head_dimension": dimension, "state_size": stateSize, "groups": groups, "convolution": taps,
    ]
    return sizes.mapValues { .integer(Int64($0)) }.merging(
      ["norm": .bool(hasNorm), "convolution_bias": .bool(hasConvolutionBias)]) { $1 }
  }

  var sizes: StateHeads {
    StateHeads(count: heads, keyHeads: groups, keyDimension: stateSize, valueDimension: dimension)
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
  let epsilon: Float

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
    epsilon = Float(site.configuration.normEpsilon)
  }

  func mix(_ x: Variable, _ run: RecurrentRun, on tape: inout Tape) -> Variable {
    let (inner, width) = (heads.valueWidth, heads.keyWidth)
    let parts = tape.split(tape.linear(x, projection), [inner, inner + 2 * width, heads.count])
    let convolved = tape.split(run.convolve(parts[1], convolution, memory: 1, on: &tape), [inner, width, width])
    let step = tape.map(parts[2], .softplus, bias: timeBias, as: .float32)
    let mixed = run.attend(
      query: convolved[2], key: convolved[1], value: tape.scaleHeads(convolved[0], by: step),
      decay: tape.scaleColumns(step, by: decayRate, factor: .negativeExp), heads, scale: 1, memory: 0, on: &tape)
    let gated = tape.gate(tape.scaleColumns(convolved[0], by: skip, plus: mixed), by: parts[0], .silu)
    let normed = norm.map { tape.groupNorm(gated, $0, groups: heads.keyHeads, epsilon: epsilon) } ?? gated
    return tape.linear(normed, output)
  }
}
