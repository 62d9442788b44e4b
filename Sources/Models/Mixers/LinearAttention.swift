import Foundation
public import Formats
import Tensors

/// Linear attention and its gates, which differ in what a state is multiplied by before the next key and value are added:
/// queries, keys and values from one product each, and a state for each head instead of a softmax.
public struct LinearAttention: RecurrentKind {
  public static let name = "linear_attention"

  /// What happens to the state and to what is read from it.
  public enum Gate: String, Sendable, CaseIterable {
    /// Nothing is forgotten (arXiv:2006.16236, with the queries and keys as they are).
    case none
    /// The same with a norm over all heads of what is read (NormAttention, arXiv:2210.10340).
    case norm
    /// A fixed decay for each head, 1 - 2^(-5 - head), a norm of each head and a SiLU gate (RetNet, arXiv:2307.08621,
    /// without its rotary embedding).
    case retention
    /// A decay for each head from the token, sigmoid^(1/τ), norm and gate as in retention (arXiv:2405.05254).
    case gatedRetention = "gated_retention"
    /// A decay for each channel of the keys from a product of low rank, sigmoid^(1/τ), norm and gate as in retention
    /// (GLA, arXiv:2312.06635).
    case gla
  }

  let sizes: HeadSettings
  let gate: Gate
  /// τ, and the rank of the gate's product.
  let temperature: Double
  let rank: Int

  public init(_ settings: inout Settings) throws {
    sizes = try HeadSettings(&settings)
    gate = try settings.choice("gate", Gate.self) ?? .none
    temperature = try settings.number("gate_temperature") ?? 16
    rank = try settings.integer("gate_rank", in: 1...4096) ?? 16
  }

  public var settings: [String: JSON] {
    var members = sizes.json
    members["gate"] = .string(gate.rawValue)
    if gate == .gatedRetention || gate == .gla { members["gate_temperature"] = .number(temperature) }
    if gate == .gla { members["gate_rank"] = .integer(Int64(rank)) }
    return members
  }

  /// Whether what is read is normed head by head and multiplied by a gate.
  var hasOutputGate: Bool { gate != .none && gate != .norm }

  public func declarations(_ site: LayerSite) -> [ParameterDeclaration] {
    let hidden = site.configuration.hiddenSize
    let heads = sizes.sizes(site.configuration)
    let at = "\(site.name).linear_attn"
    let inputs = LinearMixer.inputs(self, heads)
    var list = site.linear(
      inputs.map { "\(at).\($0.name)" }, rows: inputs.map(\.width), columns: hidden, .attention, axis: 0)
    if gate == .gla {
      list += site.linear(
        ["\(at).gk_proj.1"], rows: [heads.keyWidth], columns: rank, .attention, axis: 0, hasBias: true)
    }
    if gate == .norm { list.append(site.vector("\(at).norm.weight", heads.valueWidth, 1, .norm)) }
    if hasOutputGate {
      list.append(site.vector("\(at).g_norm_swish_gate.weight", heads.valueDimension, 1, .norm))
    }
    return list
      + site.linear(
        ["\(at).o_proj"], rows: [hidden], columns: heads.valueWidth, .attention, axis: 1, writesToResidual: true)
  }

  public func makeMixer(_ store: ParameterStore, _ site: LayerSite) -> any Mixer { LinearMixer(store, site, self) }

  func memories(_ site: LayerSite) -> [MemoryShape] { [sizes.sizes(site.configuration).memory] }
}

struct LinearMixer: RecurrentMixer {
  let kind: LinearAttention
  let heads: StateHeads
  let projection, output: WeightMatrix
  let decayProjection: WeightMatrix?
  let decayBias: Parameter?
  let norm: Parameter?
  let epsilon: Float

  /// What is multiplied as one.
  static func inputs(_ kind: LinearAttention, _ heads: StateHeads) -> [(name: String, width: Int)] {
    var list = [("q_proj", heads.keyWidth), ("k_proj", heads.keyWidth), ("v_proj", heads.valueWidth)]
    if kind.hasOutputGate { list.append(("g_proj", heads.valueWidth)) }
    if kind.gate == .gatedRetention { list.append(("gt_proj", heads.count)) }
    if kind.gate == .gla { list.append(("gk_proj.0", kind.rank)) }
    return list
  }

  init(_ store: ParameterStore, _ site: LayerSite, _ kind: LinearAttention) {
    let at = "\(site.name).linear_attn"
    self.kind = kind
    heads = kind.sizes.sizes(site.configuration)
    projection = store.weights(Self.inputs(kind, heads).map { "\(at).\($0.name)" })
    output = store.weights(["\(at).o_proj"])
    decayProjection = kind.gate == .gla ? store.weights(["\(at).gk_proj.1"]) : nil
    decayBias = kind.gate == .gla ? store.required("\(at).gk_proj.1.bias") : nil
    norm =
      kind.hasOutputGate
      ? store.required("\(at).g_norm_swish_gate.weight")
      : kind.gate == .norm ? store.required("\(at).norm.weight") : nil
    epsilon = Float(site.configuration.normEpsilon)
  }

  func mix(_ x: Variable, _ run: RecurrentRun, on tape: inout Tape) -> Variable {
    let parts = tape.split(tape.linear(x, projection), Self.inputs(kind, heads).map(\.width))
    let mixed = run.attend(
      query: parts[0], key: parts[1], value: parts[2], decay: decay(parts, on: &tape),
      learnsDecay: kind.gate != .retention, heads, scale: 1 / Float(heads.keyDimension).squareRoot(), memory: 0, on: &tape)
    guard let norm else { return tape.linear(mixed, output) }
    let normed = tape.headNorm(mixed, norm, epsilon: epsilon)
    return tape.linear(kind.hasOutputGate ? tape.gate(normed, by: parts[3], .silu) : normed, output)
  }

  private func decay(_ parts: [Variable], on tape: inout Tape) -> Variable? {
    let factor = Float(1 / kind.temperature)
    switch kind.gate {
    case .none, .norm: return nil
    case .retention:
      let decays = (0..<heads.count).map { Float(log1p(-exp2(-5 - Double($0)))) }
      return tape.fixedDecay(decays, rows: parts[0].tensor.rows)
    case .gatedRetention: return tape.map(parts[4], .logSigmoid, factor: factor, as: .float32)
    case .gla:
      guard let decayProjection else { return nil }
      return tape.map(
        tape.linear(parts[4], decayProjection), .logSigmoid, bias: decayBias, factor: factor, as: .float32)
    }
  }
}
