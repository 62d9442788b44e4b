public import Formats
import Tensors

/// GateLoop (arXiv:2311.01927): a complex decay for each channel of the keys, sigmoid(a) e^(iθ), both from the token, of which
/// the real part is read; a norm of each head and a SiLU gate.
///
/// Angles that add up turn queries and keys, as a rotary embedding does; what is left is a real decay over two states.
public struct GateLoop: RecurrentKind {
  public static let name = "gate_loop"
  let sizes: HeadSettings

  public init(_ settings: inout Settings) throws { sizes = try HeadSettings(&settings) }

  public var settings: [String: JSON] { sizes.json }

  public func declarations(_ site: LayerSite) -> [ParameterDeclaration] {
    let hidden = site.configuration.hiddenSize
    let heads = sizes.sizes(site.configuration)
    let (keys, values) = (heads.keyWidth, heads.valueWidth)
    let at = "\(site.name).linear_attn"
    return site.linear(
      GateLoopMixer.inputs(at), rows: [keys, keys, values, keys, keys, values], columns: hidden, .attention, axis: 0)
      + [site.vector("\(at).norm.weight", heads.valueDimension, 1, .norm)]
      + site.linear(["\(at).o_proj"], rows: [hidden], columns: values, .attention, axis: 1, writesToResidual: true)
  }

  public func makeMixer(_ store: ParameterStore, _ site: LayerSite) -> any Mixer {
    GateLoopMixer(store, site, heads: sizes.sizes(site.configuration))
  }

  func memories(_ site: LayerSite) -> [MemoryShape] {
    let heads = sizes.sizes(site.configuration)
    return [heads.memory, heads.memory, .sum(heads.keyWidth)]
  }
}

struct GateLoopMixer: RecurrentMixer {
  let heads: StateHeads
  let projection, output: WeightMatrix
  let norm: Parameter
  let epsilon: Float

  static func inputs(_ at: String) -> [String] {
    ["q_proj", "k_proj", "v_proj", "a_proj", "theta_proj", "g_proj"].map { "\(at).\($0)" }
  }

  init(_ store: ParameterStore, _ site: LayerSite, heads: StateHeads) {
    let at = "\(site.name).linear_attn"
    self.heads = heads
    projection = store.weights(Self.inputs(at))
    output = store.weights(["\(at).o_proj"])
    norm = store.required("\(at).norm.weight")
    epsilon = Float(site.configuration.normEpsilon)
  }

  func mix(_ x: Variable, _ run: RecurrentRun, on tape: inout Tape) -> Variable {
    let (keys, values) = (heads.keyWidth, heads.valueWidth)
    let parts = tape.split(tape.linear(x, projection), [keys, keys, values, keys, keys, values])
    let decay = tape.map(parts[3], .logSigmoid, as: .float32)
    let turned = run.rotations(tape.map(parts[4], .identity, as: .float32), memory: 2, on: &tape)
    let scale = 1 / Float(heads.keyDimension).squareRoot()
    let mixed = [turned.cosines, turned.sines].enumerated().map { memory, factors in
      run.attend(
        query: tape.gate(parts[0], by: factors, .identity), key: tape.gate(parts[1], by: factors, .identity),
        value: parts[2], decay: decay, heads, scale: scale, memory: memory, on: &tape)
    }
    let normed = tape.headNorm(tape.add(mixed[0], mixed[1]), norm, epsilon: epsilon)
    return tape.linear(tape.gate(normed, by: parts[5], .silu), output)
  }
}
