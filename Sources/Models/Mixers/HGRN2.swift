import Foundation
public import Formats
import Tensors

/// HGRN-2 (arXiv:2404.07904): a forget gate for each channel of the keys that stays above a learned bound, and keys that
/// are what it lets go: α = γ + (1 - γ) sigmoid(f), k = 1 - α; a norm over all heads.
public struct HGRN2: RecurrentKind {
  public static let name = "hgrn2"
  let sizes: HeadSettings

  public init(_ settings: inout Settings) throws { sizes = try HeadSettings(&settings) }

  public var settings: [String: JSON] { sizes.json }

  public func declarations(_ site: LayerSite) -> [ParameterDeclaration] {
    let c = site.configuration
    let heads = sizes.sizes(c)
    let at = "\(site.name).linear_attn"
    // Later layers forget less: bounds from near 0 to near 1.
    let bound = min(max(Float(site.layer) / Float(max(c.layerCount, 1)), 0.01), 0.99)
    return site.linear(
      HGRN2Mixer.inputs(at), rows: [heads.keyWidth, heads.keyWidth, heads.valueWidth], columns: c.hiddenSize, .attention,
      axis: 0)
      + [
        site.vector("\(at).gate_range", heads.keyWidth, logf((1 - bound) / bound), .attention, shardAxis: 0),
        site.vector("\(at).g_norm.weight", heads.valueWidth, 1, .norm),
      ]
      + site.linear(
        ["\(at).o_proj"], rows: [c.hiddenSize], columns: heads.valueWidth, .attention, axis: 1, writesToResidual: true)
  }

  public func makeMixer(_ store: ParameterStore, _ site: LayerSite) -> any Mixer {
    HGRN2Mixer(store, site, heads: sizes.sizes(site.configuration))
  }

  func memories(_ site: LayerSite) -> [MemoryShape] { [sizes.sizes(site.configuration).memory] }
}

struct HGRN2Mixer: RecurrentMixer {
  let heads: StateHeads
  let projection, output: WeightMatrix
  /// 1 - γ is its sigmoid.
  let gateRange: Parameter
  let norm: Parameter
  let epsilon: Float

  static func inputs(_ at: String) -> [String] { ["q_proj", "f_proj", "i_proj"].map { "\(at).\($0)" } }

  init(_ store: ParameterStore, _ site: LayerSite, heads: StateHeads) {
    let at = "\(site.name).linear_attn"
    self.heads = heads
    projection = store.weights(Self.inputs(at))
    output = store.weights(["\(at).o_proj"])
    gateRange = store.required("\(at).gate_range")
    norm = store.required("\(at).g_norm.weight")
    epsilon = Float(site.configuration.normEpsilon)
  }

  func mix(_ x: Variable, _ run: RecurrentRun, on tape: inout Tape) -> Variable {
    let parts = tape.split(tape.linear(x, projection), [heads.keyWidth, heads.keyWidth, heads.valueWidth])
    // 1 - α = (1 - γ) sigmoid(-f).
    let opened = tape.map(tape.map(parts[1], .identity, factor: -1, as: .float32), .sigmoid, as: .float32)
    let exactKey = tape.scaleColumns(opened, by: gateRange, factor: .sigmoid)
    let mixed = run.attend(
      query: tape.map(parts[0], .silu), key: tape.map(exactKey, .identity), value: parts[2],
      decay: tape.map(exactKey, .logOneMinus, as: .float32), heads, scale: 1 / Float(heads.keyDimension).squareRoot(),
      memory: 0, on: &tape)
    return tape.linear(tape.headNorm(mixed, norm, epsilon: epsilon), output)
  }
}
