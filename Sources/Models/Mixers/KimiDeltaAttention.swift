public import Formats
import Tensors

/// Kimi Delta Attention (Kimi Linear, arXiv:2510.26692): the gated delta rule with a decay for each channel of the keys,
/// from a product of low rank; a short convolution, a norm of each head and a sigmoid gate of low rank.
public struct KimiDeltaAttention: RecurrentKind {
  public static let name = "kimi_delta_attention"
  let heads, dimension: Int?
  let taps: Int

  public init(_ settings: inout Settings) throws {
    heads = try settings.integer("heads", in: 1...4096)
    dimension = try settings.integer("head_dimension", in: 1...4096)
    taps = try settings.integer("convolution", in: 2...64) ?? 4
  }

  public var settings: [String: JSON] {
    ["heads": heads, "head_dimension": dimension, "convolution": taps].compactMapValues { $0.map { .integer(Int64($0)) } }
  }

  private func sizes(_ c: ModelConfiguration) -> StateHeads {
    let (count, width) = (heads ?? c.headCount, dimension ?? c.headDimension)
    return StateHeads(count: count, keyHeads: count, keyDimension: width, valueDimension: width)
  }

  public func declarations(_ site: LayerSite) -> [ParameterDeclaration] {
    let hidden = site.configuration.hiddenSize
    let heads = sizes(site.configuration)
    let (width, dimension) = (heads.valueWidth, heads.valueDimension)
    let at = "\(site.name).self_attn"
    return site.linear(
      KimiDeltaMixer.inputs(at), rows: [width, width, width, dimension, dimension, heads.count], columns: hidden,
      .attention, axis: 0)
      + ShortConvolution.declarations("\(at).conv1d", channels: 3 * width, taps: taps, site)
      + site.linear(["\(at).forget_gate.f_b_proj"], rows: [width], columns: dimension, .attention, axis: 0)
      + [
        ParameterDeclaration(
          name: "\(at).forget_gate.dt_bias", shape: [width], initialization: DecayInitialization.timeSteps(width),
          shardAxis: 0, component: .attention),
        ParameterDeclaration(
          name: "\(at).forget_gate.A_log", shape: [1, 1, heads.count, 1],
          initialization: DecayInitialization.logarithms(heads.count), shardAxis: nil, component: .attention),
      ]
      + site.linear(["\(at).g_b_proj"], rows: [width], columns: dimension, .attention, axis: 0)
      + [site.vector("\(at).o_norm.weight", dimension, 1, .norm)]
      + site.linear(["\(at).o_proj"], rows: [hidden], columns: width, .attention, axis: 1, writesToResidual: true)
  }

  public func makeMixer(_ store: ParameterStore, _ site: LayerSite) -> any Mixer {
    KimiDeltaMixer(store, site, heads: sizes(site.configuration))
  }

  func memories(_ site: LayerSite) -> [MemoryShape] {
    let heads = sizes(site.configuration)
    return [heads.memory, ShortConvolution.memory(channels: 3 * heads.valueWidth, taps: taps)]
  }
}

struct KimiDeltaMixer: RecurrentMixer {
  let heads: StateHeads
  let projection, forget, gate, output: WeightMatrix
  let convolution: ShortConvolution
  let timeBias, decayRate, norm: Parameter
  let epsilon: Float

  /// Multiplied as one: queries, keys, values, the narrow halves of both gates, rates of writing.
  static func inputs(_ at: String) -> [String] {
    ["q_proj", "k_proj", "v_proj", "forget_gate.f_a_proj", "g_a_proj", "b_proj"].map { "\(at).\($0)" }
  }

  init(_ store: ParameterStore, _ site: LayerSite, heads: StateHeads) {
    let at = "\(site.name).self_attn"
    self.heads = heads
    projection = store.weights(Self.inputs(at))
    forget = store.weights(["\(at).forget_gate.f_b_proj"])
    gate = store.weights(["\(at).g_b_proj"])
    output = store.weights(["\(at).o_proj"])
    convolution = ShortConvolution(store, "\(at).conv1d")
    timeBias = store.required("\(at).forget_gate.dt_bias")
    decayRate = store.required("\(at).forget_gate.A_log")
    norm = store.required("\(at).o_norm.weight")
    epsilon = Float(site.configuration.normEpsilon)
  }

  func mix(_ x: Variable, _ run: RecurrentRun, on tape: inout Tape) -> Variable {
    let (width, dimension) = (heads.valueWidth, heads.valueDimension)
    let parts = tape.split(tape.linear(x, projection), [3 * width, dimension, dimension, heads.count])
    let qkv = tape.split(run.convolve(parts[0], convolution, memory: 1, on: &tape), [width, width, width])
    let step = tape.map(tape.linear(parts[1], forget), .softplus, bias: timeBias, as: .float32)
    let mixed = run.deltaRule(
      query: tape.unitHeads(qkv[0], dimension: dimension), key: tape.unitHeads(qkv[1], dimension: dimension),
      value: qkv[2], decay: tape.scaleColumns(step, by: decayRate, factor: .negativeExp),
      beta: tape.map(parts[3], .sigmoid, as: .float32), heads, scale: 1 / Float(dimension).squareRoot(), memory: 0,
      on: &tape)
    let gates = tape.linear(parts[2], gate)
    return tape.linear(tape.gate(tape.headNorm(mixed, norm, epsilon: epsilon), by: gates, .sigmoid), output)
  }
}
