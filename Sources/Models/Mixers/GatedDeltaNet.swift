public import Formats
import Tensors

/// Gated DeltaNet (arXiv:2412.06464) with the parameters of Qwen3-Next: a short convolution over queries, keys and values,
/// queries and keys of length 1, a decay and a rate of writing for each head, a norm of each head and a SiLU gate.
public struct GatedDeltaNet: RecurrentKind {
  public static let name = "gated_delta_net"
  let sizes: HeadSettings
  let taps: Int

  init(_ sizes: HeadSettings, taps: Int) { (self.sizes, self.taps) = (sizes, taps) }

  public init(_ settings: inout Settings) throws {
    sizes = try HeadSettings(&settings, groups: true)
    taps = try settings.integer("convolution", in: 2...64) ?? 4
  }

  public var settings: [String: JSON] {
    sizes.json.merging(["convolution": .integer(Int64(taps))]) { $1 }
  }

  public func check(_ site: LayerSite) throws { try sizes.check(Self.name, site) }

  public func declarations(_ site: LayerSite) -> [ParameterDeclaration] {
    let hidden = site.configuration.hiddenSize
    let heads = sizes.sizes(site.configuration)
    let at = "\(site.name).linear_attn"
    return site.linear(
      ["\(at).in_proj_qkvz", "\(at).in_proj_ba"], rows: [2 * heads.keyWidth + 2 * heads.valueWidth, 2 * heads.count],
      columns: hidden, .attention, axis: 0)
      + ShortConvolution.declarations(
        "\(at).conv1d", channels: 2 * heads.keyWidth + heads.valueWidth, taps: taps, site)
      + [
        site.vector("\(at).dt_bias", heads.count, 1, .attention, shardAxis: 0),
        ParameterDeclaration(
          name: "\(at).A_log", shape: [heads.count], initialization: DecayInitialization.logarithms(heads.count),
          shardAxis: 0, component: .attention),
        site.vector("\(at).norm.weight", heads.valueDimension, 1, .norm),
      ]
      + site.linear(
        ["\(at).out_proj"], rows: [hidden], columns: heads.valueWidth, .attention, axis: 1, writesToResidual: true)
  }

  public func makeMixer(_ store: ParameterStore, _ site: LayerSite) -> any Mixer {
    GatedDeltaMixer(store, site, heads: sizes.sizes(site.configuration))
  }

  func memories(_ site: LayerSite) -> [MemoryShape] {
    let heads = sizes.sizes(site.configuration)
    return [
      heads.memory, ShortConvolution.memory(channels: 2 * heads.keyWidth + heads.valueWidth, taps: taps),
    ]
  }
}

struct GatedDeltaMixer: RecurrentMixer {
  let heads: StateHeads
  let projection, output: WeightMatrix
  let convolution: ShortConvolution
  let timeBias, decayRate, norm: Parameter
  let epsilon: Float

  init(_ store: ParameterStore, _ site: LayerSite, heads: StateHeads) {
    let at = "\(site.name).linear_attn"
    self.heads = heads
    projection = store.weights(["\(at).in_proj_qkvz", "\(at).in_proj_ba"])
    output = store.weights(["\(at).out_proj"])
    convolution = ShortConvolution(store, "\(at).conv1d")
    timeBias = store.required("\(at).dt_bias")
    decayRate = store.required("\(at).A_log")
    norm = store.required("\(at).norm.weight")
    epsilon = Float(site.configuration.normEpsilon)
  }

  /// Where in the projections the query, the key, the values and the gates of each key head stand, then the rates of
  /// writing and the decays.
  private var columns: [[Range<Int>]] {
    let share = heads.count / heads.keyHeads
    let widths = [heads.keyDimension, heads.keyDimension, share * heads.valueDimension, share * heads.valueDimension]
    var groups = (first: 0, parts: [[Range<Int>]](repeating: [], count: 6))
    func take(_ widths: [Int], into part: Int) {
      for _ in 0..<heads.keyHeads {
        for (i, width) in widths.enumerated() {
          groups.parts[part + i].append(groups.first..<groups.first + width)
          groups.first += width
        }
      }
    }
    take(widths, into: 0)
    take([share, share], into: 4)
    let parts = groups.parts
    return [parts[0] + parts[1] + parts[2], parts[3], parts[4], parts[5]]
  }

  func mix(_ x: Variable, _ run: RecurrentRun, on tape: inout Tape) -> Variable {
    let parts = tape.columns(of: tape.linear(x, projection), columns)
    let convolved = run.convolve(parts[0], convolution, memory: 1, on: &tape)
    let qkv = tape.split(convolved, [heads.keyWidth, heads.keyWidth, heads.valueWidth])
    let beta = tape.map(parts[2], .sigmoid, as: .float32)
    let step = tape.map(parts[3], .softplus, bias: timeBias, as: .float32)
    let mixed = run.deltaRule(
      query: tape.unitHeads(qkv[0], dimension: heads.keyDimension),
      key: tape.unitHeads(qkv[1], dimension: heads.keyDimension), value: qkv[2],
      decay: tape.scaleColumns(step, by: decayRate, factor: .negativeExp), beta: beta, heads,
      scale: 1 / Float(heads.keyDimension).squareRoot(), memory: 0, on: &tape)
    return tape.linear(tape.gate(tape.headNorm(mixed, norm, epsilon: epsilon), by: parts[1], .silu), output)
  }
}
