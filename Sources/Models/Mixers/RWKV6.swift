public import Formats
import Tensors

/// The time mixing of RWKV-6 (arXiv:2404.05892): five inputs, each the token mixed with the one before by shares that depend
/// on the token; a decay e^(-e^w) for each channel of the keys; a bonus for the token's own key; a norm of each head, a
/// SiLU gate.
public struct RWKV6: RecurrentKind {
  public static let name = "rwkv6"
  let sizes: HeadSettings
  let mixRank, decayRank: Int

  public init(_ settings: inout Settings) throws {
    sizes = try HeadSettings(&settings)
    mixRank = try settings.integer("mix_rank", in: 1...4096) ?? 32
    decayRank = try settings.integer("decay_rank", in: 1...4096) ?? 64
  }

  public var settings: [String: JSON] {
    sizes.json.merging(["mix_rank": .integer(Int64(mixRank)), "decay_rank": .integer(Int64(decayRank))]) { $1 }
  }

  public func declarations(_ site: LayerSite) -> [ParameterDeclaration] {
    let hidden = site.configuration.hiddenSize
    let heads = sizes.sizes(site.configuration)
    let at = "\(site.name).linear_attn"
    func linear(_ name: String, _ rows: Int, _ columns: Int) -> [ParameterDeclaration] {
      site.linear(["\(at).\(name)"], rows: [rows], columns: columns, .attention, axis: 0)
    }
    func vector(_ name: String, _ count: Int, _ value: ParameterDeclaration.Initialization) -> ParameterDeclaration {
      ParameterDeclaration(
        name: "\(at).\(name)", shape: [count], initialization: value, shardAxis: nil, component: .attention)
    }
    // Shares of the token before that grow with the channel; decays from slow to fast within each head.
    let ramp = (0..<hidden).map { 1 - Float($0) / Float(max(hidden - 1, 1)) }
    let decays = (0..<heads.keyDimension).map { -6 + 5 * Float($0) / Float(max(heads.keyDimension - 1, 1)) }
    let mixes = RWKV6Mixer.inputs.flatMap { input in linear("x_proj.2.\(input)", hidden, mixRank) }
    return [vector("x_proj.0.mu", hidden, .values(ramp)), vector("x_bias", 5 * hidden, .values(ramp))]
      + linear("x_proj.0.linear", 5 * mixRank, hidden) + mixes + linear("r_proj", heads.keyWidth, hidden)
      + linear("w_proj.lora.0", decayRank, hidden) + linear("w_proj.lora.2", heads.keyWidth, decayRank)
      + [
        vector("w_proj.lora.2.bias", heads.keyWidth, .values(decays)),
        vector("bonus", heads.keyWidth, .constant(0.5)),
      ] + linear("k_proj", heads.keyWidth, hidden) + linear("v_proj", heads.valueWidth, hidden)
      + linear("g_proj", heads.valueWidth, hidden)
      + [
        site.vector("\(at).g_norm.weight", heads.valueWidth, 1, .norm),
        site.vector("\(at).g_norm.bias", heads.valueWidth, 0, .norm),
      ]
      + site.linear(
        ["\(at).o_proj"], rows: [hidden], columns: heads.valueWidth, .attention, axis: 1, writesToResidual: true)
  }

  public func makeMixer(_ store: ParameterStore, _ site: LayerSite) -> any Mixer { RWKV6Mixer(store, site, self) }

  func memories(_ site: LayerSite) -> [MemoryShape] {
    [sizes.sizes(site.configuration).memory, .rows(1, site.configuration.hiddenSize)]
  }
}

struct RWKV6Mixer: RecurrentMixer {
  /// Receptance, decay, key, value and gate.
  static let inputs = ["r", "w", "k", "v", "g"]

  let heads: StateHeads
  let mixRank: Int
  let mixProjection, decayIn, decayOut, output: WeightMatrix
  let mixes: [WeightMatrix]
  /// Of receptance, key, value and gate.
  let projections: [WeightMatrix]
  let share, shares, decayBias, bonus, normWeight, normBias: Parameter
  let epsilon: Float

  init(_ store: ParameterStore, _ site: LayerSite, _ kind: RWKV6) {
    let at = "\(site.name).linear_attn"
    heads = kind.sizes.sizes(site.configuration)
    mixRank = kind.mixRank
    mixProjection = store.weights(["\(at).x_proj.0.linear"])
    mixes = Self.inputs.map { store.weights(["\(at).x_proj.2.\($0)"]) }
    decayIn = store.weights(["\(at).w_proj.lora.0"])
    decayOut = store.weights(["\(at).w_proj.lora.2"])
    projections = ["r", "k", "v", "g"].map { store.weights(["\(at).\($0)_proj"]) }
    output = store.weights(["\(at).o_proj"])
    share = store.required("\(at).x_proj.0.mu")
    shares = store.required("\(at).x_bias")
    decayBias = store.required("\(at).w_proj.lora.2.bias")
    bonus = store.required("\(at).bonus")
    normWeight = store.required("\(at).g_norm.weight")
    normBias = store.required("\(at).g_norm.bias")
    epsilon = Float(site.configuration.normEpsilon) * Float(heads.valueDimension)
  }

  func mix(_ x: Variable, _ run: RecurrentRun, on tape: inout Tape) -> Variable {
    let hidden = x.tensor.columns
    let change = run.difference(x, memory: 1, on: &tape)
    let lerped = tape.scaleColumns(change, by: share, plus: x)
    let narrow = tape.split(
      tape.map(tape.linear(lerped, mixProjection), .tanh), [Int](repeating: mixRank, count: 5))
    let wide = tape.concatenate(zip(narrow, mixes).map { tape.linear($0, $1) })
    let mixed = tape.split(tape.map(wide, .identity, bias: shares), [Int](repeating: hidden, count: 5)).map {
      tape.add(x, tape.gate(change, by: $0, .identity))
    }
    let receptance = tape.linear(mixed[0], projections[0])
    let key = tape.linear(mixed[2], projections[1])
    let value = tape.linear(mixed[3], projections[2])
    let decay = tape.map(
      tape.linear(tape.map(tape.linear(mixed[1], decayIn), .tanh), decayOut), .exp, bias: decayBias, factor: -1,
      as: .float32)
    let past = run.attend(
      query: receptance, key: key, value: value, decay: decay, heads, scale: 1, readsLast: true, memory: 0, on: &tape)
    let own = tape.headDots(tape.scaleColumns(receptance, by: bonus), key, heads: heads.count)
    let read = tape.add(past, tape.scaleHeads(value, by: own))
    let normed = tape.headLayerNorm(read, heads: heads.count, normWeight, bias: normBias, epsilon: epsilon)
    return tape.linear(tape.gate(normed, by: tape.linear(mixed[4], projections[3]), .silu), output)
  }
}
