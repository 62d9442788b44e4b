public import Formats
import Tensors

/// Mamba (arXiv:2312.00752): every channel has a state of its own, whose time step, key and query come from the token after
/// a short convolution; a SiLU gate follows.
public struct Mamba: RecurrentKind {
  public static let name = "mamba"
  let width, rank: Int?
  let stateSize, taps: Int

  public init(_ settings: inout Settings) throws {
    width = try settings.integer("inner_size", in: 1...(1 << 20))
    rank = try settings.integer("time_step_rank", in: 1...(1 << 16))
    stateSize = try settings.integer("state_size", in: 1...1024) ?? 16
    taps = try settings.integer("convolution", in: 2...64) ?? 4
  }

  public var settings: [String: JSON] {
    ["inner_size": width, "time_step_rank": rank, "state_size": stateSize, "convolution": taps].compactMapValues {
      $0.map { .integer(Int64($0)) }
    }
  }

  /// Twice the model's width unless given.
  func inner(_ c: ModelConfiguration) -> Int { width ?? 2 * c.hiddenSize }
  /// A sixteenth of the model's width unless given.
  func timeStepRank(_ c: ModelConfiguration) -> Int { rank ?? (c.hiddenSize + 15) / 16 }

  public func declarations(_ site: LayerSite) -> [ParameterDeclaration] {
    let c = site.configuration
    let (inner, rank) = (inner(c), timeStepRank(c))
    let at = "\(site.name).mamba"
    func initial(_ name: String, _ shape: [Int], _ values: ParameterDeclaration.Initialization) -> ParameterDeclaration {
      ParameterDeclaration(name: "\(at).\(name)", shape: shape, initialization: values, shardAxis: 0, component: .attention)
    }
    return site.linear(["\(at).in_proj"], rows: [2 * inner], columns: c.hiddenSize, .attention, axis: 0)
      + ShortConvolution.declarations("\(at).conv1d", channels: inner, taps: taps, hasBias: true, site)
      + site.linear(["\(at).x_proj"], rows: [rank + 2 * stateSize], columns: inner, .attention, axis: 1)
      + [
        initial("dt_proj.weight", [inner, rank], .normal(standardDeviation: 1 / Float(3 * rank).squareRoot())),
        initial("dt_proj.bias", [inner], DecayInitialization.timeSteps(inner)),
        initial("A_log", [inner, stateSize], DecayInitialization.logarithms(stateSize)),
        initial("D", [inner], .constant(1)),
      ]
      + site.linear(["\(at).out_proj"], rows: [c.hiddenSize], columns: inner, .attention, axis: 1, writesToResidual: true)
  }

  public func makeMixer(_ store: ParameterStore, _ site: LayerSite) -> any Mixer { MambaMixer(store, site, self) }

  func memories(_ site: LayerSite) -> [MemoryShape] {
    let inner = inner(site.configuration)
    return [.sum(inner, stateSize), ShortConvolution.memory(channels: inner, taps: taps)]
  }
}

struct MambaMixer: RecurrentMixer {
  let inner, rank, stateSize: Int
  let projection, selection, timeProjection, output: WeightMatrix
  let convolution: ShortConvolution
  let timeBias, logRate, skip: Parameter

  init(_ store: ParameterStore, _ site: LayerSite, _ kind: Mamba) {
    let at = "\(site.name).mamba"
    inner = kind.inner(site.configuration)
    rank = kind.timeStepRank(site.configuration)
    stateSize = kind.stateSize
    projection = store.weights(["\(at).in_proj"])
    selection = store.weights(["\(at).x_proj"])
    timeProjection = store.weights(["\(at).dt_proj"])
    output = store.weights(["\(at).out_proj"])
    convolution = ShortConvolution(store, "\(at).conv1d", hasBias: true)
    timeBias = store.required("\(at).dt_proj.bias")
    logRate = store.required("\(at).A_log")
    skip = store.required("\(at).D")
  }

  func mix(_ x: Variable, _ run: RecurrentRun, on tape: inout Tape) -> Variable {
    let parts = tape.split(tape.linear(x, projection), [inner, inner])
    let convolved = run.convolve(parts[0], convolution, memory: 1, on: &tape)
    let selected = tape.split(tape.linear(convolved, selection), [rank, stateSize, stateSize])
    let step = tape.map(tape.linear(selected[0], timeProjection), .softplus, bias: timeBias, as: .float32)
    let mixed = run.selectiveScan(
      convolved, step: step, logRate: logRate, key: selected[1], query: selected[2], memory: 0, on: &tape)
    return tape.linear(tape.gate(tape.scaleColumns(convolved, by: skip, plus: mixed), by: parts[1], .silu), output)
  }
}
