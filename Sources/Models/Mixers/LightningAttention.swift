import Foundation
public import Formats
import Tensors

/// Lightning attention (TransNormerLLM, arXiv:2307.14995) as MiniMax-01 has it (arXiv:2501.08313): SiLU of queries, keys
/// and values, a fixed decay for each head, a norm over all heads and a sigmoid gate. Heads are the model's.
public struct LightningAttention: RecurrentKind {
  public static let name = "lightning_attention"

  public init() {}
  public init(_ settings: inout Settings) throws {}
  public var settings: [String: JSON] { [:] }

  static func heads(_ c: ModelConfiguration) -> StateHeads {
    StateHeads(
      count: c.headCount, keyHeads: c.headCount, keyDimension: c.headDimension, valueDimension: c.headDimension)
  }

  public func declarations(_ site: LayerSite) -> [ParameterDeclaration] {
    let hidden = site.configuration.hiddenSize
    let width = Self.heads(site.configuration).valueWidth
    let at = "\(site.name).self_attn"
    return site.linear(
      ["\(at).qkv_proj", "\(at).output_gate"], rows: [3 * width, width], columns: hidden, .attention, axis: 0)
      + [site.vector("\(at).norm.weight", width, 1, .norm)]
      + site.linear(["\(at).out_proj"], rows: [hidden], columns: width, .attention, axis: 1, writesToResidual: true)
  }

  public func makeMixer(_ store: ParameterStore, _ site: LayerSite) -> any Mixer { LightningMixer(store, site) }

  func memories(_ site: LayerSite) -> [MemoryShape] { [Self.heads(site.configuration).memory] }
}

struct LightningMixer: RecurrentMixer {
  let heads: StateHeads
  let projection, output: WeightMatrix
  let norm: Parameter
  /// Of this norm alone, whatever the model's others have.
  let epsilon: Float = 1e-6
  /// Logarithms of the heads' decays.
  let decays: [Float]

  init(_ store: ParameterStore, _ site: LayerSite) {
    let c = site.configuration
    let at = "\(site.name).self_attn"
    heads = LightningAttention.heads(c)
    projection = store.weights(["\(at).qkv_proj", "\(at).output_gate"])
    output = store.weights(["\(at).out_proj"])
    norm = store.required("\(at).norm.weight")
    // ALiBi's slopes, smaller the later the layer is.
    let depth = 1 - Double(site.layer) / (Double(c.layerCount - 1) + 1e-5) + 1e-5
    decays = (1...c.headCount).map { Float(-pow(2, -8 * Double($0) / Double(c.headCount)) * depth) }
  }

  func mix(_ x: Variable, _ run: RecurrentRun, on tape: inout Tape) -> Variable {
    let (width, dimension) = (heads.valueWidth, heads.valueDimension)
    // Query, key and value stand side by side in each head.
    let parts = (0..<3).map { part in
      (0..<heads.count).map { head in
        let first = (head * 3 + part) * dimension
        return first..<first + dimension
      }
    }
    let projected = tape.columns(of: tape.linear(x, projection), parts + [[3 * width..<4 * width]])
    let mapped = projected[..<3].map { tape.map($0, .silu) }
    let mixed = run.attend(
      query: mapped[0], key: mapped[1], value: mapped[2], decay: tape.fixedDecay(decays, rows: x.tensor.rows),
      learnsDecay: false, heads, scale: 1, memory: 0, on: &tape)
    let gated = tape.gate(tape.headNorm(mixed, norm, epsilon: epsilon), by: projected[3], .sigmoid)
    return tape.linear(gated, output)
  }
}

extension Tape {
  /// The same logarithms of decays for every row.
  mutating func fixedDecay(_ decays: [Float], rows: Int) -> Variable {
    let values = Array(repeatElement(decays, count: rows).joined())
    return variable(Tensor(values, shape: [rows, decays.count], in: execution.arena))
  }
}
