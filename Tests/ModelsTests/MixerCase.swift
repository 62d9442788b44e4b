import Formats
import Foundation
import Models
import Tensors
import Testing

/// One mixer alone: what an entry of `mixers` makes of it, at one place in a small model.
struct MixerCase {
  let configuration: ModelConfiguration
  let site: LayerSite
  let store: ParameterStore
  let mixer: any Mixer

  /// - Parameter settings: a mapping as in a configuration file.
  init(_ settings: String, layer: Int = 0, layers: Int = 2, hidden: Int = 32, heads: Int = 4) throws {
    var configuration = ModelConfiguration(
      vocabularySize: 29, hiddenSize: hidden, intermediateSize: 2 * hidden, layerCount: layers, headCount: heads)
    try configuration.apply(architecture: try JSON.parse("{\"mixers\": [\(settings)]}"), path: "architecture")
    self.configuration = configuration
    site = LayerSite(configuration, layer: layer)
    let kind = configuration.mixer(layer: layer)
    try kind.check(site)
    store = ParameterStore(kind.declarations(site), trainable: true)
    store.initialize(seed: 5)
    store.gradient?.floats.update(repeating: 0)
    mixer = kind.makeMixer(store, site)
  }

  func state(_ execution: Execution) -> any MixerState {
    configuration.mixer(layer: site.layer).makeState(capacity: 64, site, in: execution)
  }

  func context(sequences: Int, length: Int, documentStarts: [Int32]? = nil, _ execution: Execution) -> SequenceContext {
    SequenceContext(
      sequences: sequences, length: length, documentStarts: documentStarts,
      rotaryTable: RotaryTable.make(configuration, positions: length, in: execution.arena), arena: execution.arena)
  }

  /// The rows of x `[sequences * length, hidden]`, mixed.
  func mixed(
    _ x: [Float], sequences: Int, length: Int, documentStarts: [Int32]? = nil, compute: DType = .float32
  ) -> [Float] {
    let execution = Execution(compute: compute)
    var tape = Tape(execution)
    let input = tape.variable(
      Tensor(x, shape: [sequences * length, configuration.hiddenSize], dtype: compute, in: execution.arena))
    var context = context(sequences: sequences, length: length, documentStarts: documentStarts, execution)
    context.embedding = input
    return mixer.forward(input, context, on: &tape).tensor.toFloats()
  }

  /// The same of several sequences in steps: `steps[i]` are the next rows of each.
  func stepped(_ steps: [[[Float]]]) -> [[Float]] {
    let execution = Execution(compute: .float32)
    let hidden = configuration.hiddenSize
    var states = steps[0].map { _ in state(execution) }
    var results = steps[0].map { _ in [Float]() }
    for step in steps {
      var tape = Tape(execution, recording: false)
      let lengths = step.map { $0.count / hidden }
      let table = RotaryTable.make(configuration, positions: 64, in: execution.arena)
      var context = StepContext(
        pasts: states.map(\.count), lengths: lengths, rotaryTable: table, arena: execution.arena)
      let x = tape.variable(
        Tensor(Array(step.joined()), shape: [lengths.reduce(0, +), hidden], in: execution.arena))
      context.embedding = x
      let y = mixer.step(x, context, states: &states, on: &tape).tensor.toFloats()
      var first = 0
      for (i, length) in lengths.enumerated() {
        results[i] += y[first * hidden..<(first + length) * hidden]
        first += length
      }
    }
    return results
  }
}

/// Numbers that look drawn from a normal distribution, the same in each run.
func randomRows(_ count: Int, seed: UInt64) -> [Float] {
  let tensor = Tensor([count], .float32, in: Arena())
  Philox(seed: seed, purpose: "rows").fillNormal(tensor.floats, standardDeviation: 1)
  return tensor.toFloats()
}
