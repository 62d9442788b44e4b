import Formats
import Models
import Tensors

/// An exponential moving average in place of attention: `s = decay · s + (1 − decay) · v`, anew in each document, where
/// v is a projection of the token; the result goes through a projection of its own.
struct MovingAverage: MixerKind {
  static let name = "moving_average"
  var decay = 0.9

  init() {}

  init(_ settings: inout Settings) throws {
    decay = try settings.number("decay", "a number from 0 to below 1") { (0..<1).contains($0) } ?? decay
  }

  var settings: [String: JSON] { ["decay": .number(decay)] }

  func declarations(_ site: LayerSite) -> [ParameterDeclaration] {
    let width = site.configuration.hiddenSize
    return site.linear(["\(site.name).mixer.value"], rows: [width], columns: width, .attention, axis: 0)
      + site.linear(
        ["\(site.name).mixer.output"], rows: [width], columns: width, .attention, axis: 1, writesToResidual: true)
  }

  func makeMixer(_ store: ParameterStore, _ site: LayerSite) -> any Mixer {
    MovingAverageMixer(
      decay: Float(decay), value: store.weights(["\(site.name).mixer.value"]),
      output: store.weights(["\(site.name).mixer.output"]))
  }

  func makeState(capacity: Int, _ site: LayerSite, in execution: Execution) -> any MixerState {
    MovingAverageState(sum: [Float](repeating: 0, count: site.configuration.hiddenSize))
  }

  func stateBytes(tokens: Int, _ site: LayerSite, compute: DType) -> Int { 4 * site.configuration.hiddenSize }

  func trainingOperationsPerToken(sequenceLength: Int, _ site: LayerSite) -> Double {
    12 * Double(site.configuration.hiddenSize)
  }
}

struct MovingAverageMixer: Mixer {
  let decay: Float
  let value: WeightMatrix
  let output: WeightMatrix

  func forward(_ x: Variable, _ context: SequenceContext, on tape: inout Tape) -> Variable {
    let v = tape.linear(x, value)
    return tape.linear(average(v, positions: context.positions, on: &tape), output)
  }

  func step(
    _ x: Variable, _ context: StepContext, states: inout [any MixerState], on tape: inout Tape
  ) -> Variable {
    let rows = float32(tape.linear(x, value).tensor, in: tape.execution)
    var row = 0
    for (i, length) in context.lengths.enumerated() {
      guard var state = states[i] as? MovingAverageState else { preconditionFailure("the state of another mixer") }
      for _ in 0..<length {
        for c in state.sum.indices {
          state.sum[c] = decay * state.sum[c] + (1 - decay) * rows.floats[row * rows.columns + c]
          rows.floats[row * rows.columns + c] = state.sum[c]
        }
        row += 1
      }
      state.count += length
      states[i] = state
    }
    return tape.linear(tape.variable(compute(rows, in: tape.execution)), output)
  }

  /// The averages of v `[tokens, width]`, which begin anew where the position is 0.
  private func average(_ v: Variable, positions: Tensor, on tape: inout Tape) -> Variable {
    let (decay, execution) = (decay, tape.execution)
    let s = float32(v.tensor, in: execution)
    let width = s.columns
    for row in 0..<s.rows {
      let begins = positions.integers[row] == 0
      for c in row * width..<(row + 1) * width {
        s.floats[c] = (1 - decay) * s.floats[c] + (begins ? 0 : decay * s.floats[c - width])
      }
    }
    return tape.record(inputs: [v], output: compute(s, in: execution)) { gradient in
      // The gradient of s gathers what later tokens read of it, from the last to the first.
      let g = float32(gradient, in: execution)
      for row in (0..<g.rows).reversed() {
        let ends = row + 1 == g.rows || positions.integers[row + 1] == 0
        for c in row * width..<(row + 1) * width where !ends { g.floats[c] += decay * g.floats[c + width] }
      }
      for i in 0..<g.count { g.floats[i] *= 1 - decay }
      return [compute(g, in: execution)]
    }
  }
}

struct MovingAverageState: MixerState {
  var sum: [Float]
  var count = 0
  var capacity: Int { .max }
  var isTruncatable: Bool { false }

  mutating func truncate(to count: Int) {
    precondition(count == 0 || count == self.count, "an average cannot go back")
    if count == 0 { sum = sum.map { _ in 0 } }
    self.count = count
  }

  func copied(capacity: Int, in execution: Execution) -> any MixerState { self }
}

private func float32(_ x: Tensor, in execution: Execution) -> Tensor {
  let copy = execution.tensor(x.shape, .float32)
  execution.backend.convert(x, into: copy)
  return copy
}

private func compute(_ x: Tensor, in execution: Execution) -> Tensor {
  let copy = execution.tensor(x.shape)
  execution.backend.convert(x, into: copy)
  return copy
}
