public import Formats
import Tensors

/// The mLSTM of xLSTM (arXiv:2405.04517; parameters and order of xLSTM 7B, arXiv:2503.13427): a matrix memory with an
/// exponential input gate, read relative to a sum of its keys; gates capped softly, a norm of each head, a sigmoid gate.
public struct MLSTM: RecurrentKind {
  public static let name = "mlstm"
  let sizes: HeadSettings
  let cap: Double

  public init(_ settings: inout Settings) throws {
    sizes = try HeadSettings(&settings)
    cap = try settings.number("gate_soft_cap") ?? 15
  }

  public var settings: [String: JSON] { sizes.json.merging(["gate_soft_cap": .number(cap)]) { $1 } }

  public func declarations(_ site: LayerSite) -> [ParameterDeclaration] {
    let hidden = site.configuration.hiddenSize
    let heads = sizes.sizes(site.configuration)
    let at = "\(site.name).mlstm_layer"
    return site.linear(
      MLSTMMixer.inputs(at), rows: [heads.keyWidth, heads.keyWidth, heads.valueWidth, heads.valueWidth],
      columns: hidden, .attention, axis: 0)
      + site.linear(MLSTMMixer.gates(at), rows: [heads.count, heads.count], columns: hidden, .attention, axis: 0)
      + [
        site.vector("\(at).igate_preact.bias", heads.count, -10, .attention, shardAxis: 0),
        // From 3 to 6: memories of twenty to four hundred tokens.
        ParameterDeclaration(
          name: "\(at).fgate_preact.bias", shape: [heads.count],
          initialization: .values((0..<heads.count).map { 3 + 3 * Float($0) / Float(max(heads.count - 1, 1)) }),
          shardAxis: 0, component: .attention),
        site.vector("\(at).multihead_norm.weight", heads.valueWidth, 1, .norm),
      ]
      + site.linear(
        ["\(at).out_proj"], rows: [hidden], columns: heads.valueWidth, .attention, axis: 1, writesToResidual: true)
  }

  public func makeMixer(_ store: ParameterStore, _ site: LayerSite) -> any Mixer { MLSTMMixer(store, site, self) }

  func memories(_ site: LayerSite) -> [MemoryShape] {
    let heads = sizes.sizes(site.configuration)
    return [heads.memory, .sum(heads.count, heads.keyDimension, 1), .sum(heads.count)]
  }
}

struct MLSTMMixer: RecurrentMixer {
  let heads: StateHeads
  let cap: Float
  let projection, gates, output: WeightMatrix
  let gateBiases: [Parameter]
  let norm: Parameter
  let epsilon: Float

  static func inputs(_ at: String) -> [String] { ["q", "k", "v", "ogate_preact"].map { "\(at).\($0)" } }
  static func gates(_ at: String) -> [String] { ["igate_preact", "fgate_preact"].map { "\(at).\($0)" } }

  init(_ store: ParameterStore, _ site: LayerSite, _ kind: MLSTM) {
    let at = "\(site.name).mlstm_layer"
    heads = kind.sizes.sizes(site.configuration)
    cap = Float(kind.cap)
    projection = store.weights(Self.inputs(at))
    gates = store.weights(Self.gates(at))
    gateBiases = Self.gates(at).map { store.required("\($0).bias") }
    output = store.weights(["\(at).out_proj"])
    norm = store.required("\(at).multihead_norm.weight")
    epsilon = Float(site.configuration.normEpsilon)
  }

  func mix(_ x: Variable, _ run: RecurrentRun, on tape: inout Tape) -> Variable {
    let parts = tape.split(
      tape.linear(x, projection), [heads.keyWidth, heads.keyWidth, heads.valueWidth, heads.valueWidth])
    let raw = tape.split(tape.linear(x, gates), [heads.count, heads.count])
    let capped = zip(raw, gateBiases).map { gate, bias in
      let shrunk = tape.map(gate, .identity, bias: bias, factor: 1 / cap, as: .float32)
      return tape.map(shrunk, .tanh, factor: cap, as: .float32)
    }
    let bounded = run.boundedGates(
      logInput: capped[0], logForget: tape.map(capped[1], .logSigmoid, as: .float32), memory: 2, on: &tape)
    let key = tape.scaleHeads(parts[1], by: bounded.input)
    let scale = 1 / Float(heads.keyDimension).squareRoot()
    let mixed = run.attend(
      query: parts[0], key: key, value: parts[2], decay: bounded.decay, heads, scale: scale, memory: 0, on: &tape)
    // The same state with values of 1 sums up the keys.
    let one = tape.execution.tensor([x.tensor.rows, heads.count])
    tape.execution.backend.map(
      .exp, Tensor([Float](repeating: 0, count: one.count), shape: one.shape, in: tape.execution.arena), bias: nil,
      factor: 1, output: one)
    var summed = heads
    summed.valueDimension = 1
    let sums = run.attend(
      query: parts[0], key: key, value: tape.variable(one), decay: bounded.decay, summed, scale: scale, memory: 1,
      on: &tape)
    let reciprocal = tape.boundedReciprocal(
      tape.map(sums, .identity, as: .float32), bounds: bounded.bounds, epsilon: 1e-6)
    let normed = tape.headLayerNorm(
      tape.scaleHeads(mixed, by: reciprocal), heads: heads.count, norm, epsilon: epsilon)
    return tape.linear(tape.gate(normed, by: parts[3], .sigmoid), output)
  }
}
