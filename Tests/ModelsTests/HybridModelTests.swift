import Formats
import Models
import Tensors
import Testing

/// Models whose layers mix tokens in different ways.
@Suite struct HybridModelTests {
  static let patterns = [
    #"[{"kind": "linear_attention", "gate": "gla"}, {"kind": "linear_attention", "gate": "retention"}, {"kind": "attention"}]"#,
    #"[{"kind": "gated_delta_net"}, {"kind": "kimi_delta_attention"}, {"kind": "attention"}]"#,
    #"[{"kind": "mamba"}, {"kind": "mamba2", "heads": 4, "head_dimension": 8, "state_size": 6}]"#,
    #"[{"kind": "mlstm"}, {"kind": "hgrn2"}, {"kind": "rwkv6"}, {"kind": "gate_loop"}, {"kind": "lightning_attention"}]"#,
    """
    [{"kind": "parallel", "mixers": [{"kind": "attention"}, {"kind": "mamba2", "heads": 4, "head_dimension": 8}]},
     {"kind": "mamba"}]
    """,
    """
    [{"kind": "mamba2", "heads": 4, "head_dimension": 8},
     {"kind": "shared_block", "rank": 4, "blocks": 2, "mixer": {"kind": "mamba2", "heads": 4, "head_dimension": 8}}]
    """,
  ]

  private func model(_ pattern: String) throws -> DecoderModel {
    var configuration = ModelConfiguration(
      vocabularySize: 31, hiddenSize: 32, intermediateSize: 48, layerCount: 5, headCount: 4, initializerRange: 0.1)
    try configuration.apply(architecture: try JSON.parse("{\"mixers\": \(pattern)}"), path: "architecture")
    try configuration.checkLayers()
    let model = DecoderModel(configuration, trainable: true)
    model.store.initialize(seed: 3)
    return model
  }

  @Test(arguments: patterns) func stepsAgreeWithTheWholeText(_ pattern: String) throws {
    let model = try model(pattern)
    let execution = Execution(compute: .float32)
    let tokens = (0..<20).map { Int32($0 * 7 % 31) }
    var tape = Tape(execution, recording: false)
    let context = SequenceContext(
      sequences: 1, length: 20, documentStarts: nil,
      rotaryTable: RotaryTable.make(model.configuration, positions: 20, in: execution.arena), arena: execution.arena)
    let whole = model.hiddenStates(Tensor(tokens, in: execution.arena), context, on: &tape).tensor.toFloats()
    var state = DecoderState(model.configuration, capacity: 4, in: execution)
    var stepped = model.step(Array(tokens[..<6]), state: &state, in: execution).toFloats()
    for token in tokens[6...] { stepped += model.step([token], state: &state, in: execution).toFloats() }
    #expect(relativeDifference(stepped, whole) < 1e-4)
    #expect(state.count == 20 && !state.isTruncatable)
  }

  /// Documents of a window are strangers to each other: outputs and gradients are those of each alone.
  @Test(arguments: patterns + ["qwen3_next", "minimax"]) func documentsAreStrangers(_ source: String) throws {
    let model = source.hasPrefix("[") ? try model(source) : try GoldenCase(source).model
    let (length, starts) = (29, [0, 6, 7, 19])
    let width = model.configuration.hiddenSize
    let tokens = (0..<length).map { Int32($0 * $0 % 31) }
    let gradient = randomRows(length * width, seed: 8)
    /// Hidden states of some tokens, and the gradients of all parameters.
    func pass(_ part: Range<Int>, starts: [Int32]?) throws -> (hidden: [Float], gradients: [Float]) {
      let execution = Execution(compute: .float32)
      let all = try #require(model.store.gradient)
      execution.backend.fillZero(all)
      var tape = Tape(execution)
      let context = SequenceContext(
        sequences: 1, length: part.count, documentStarts: starts,
        rotaryTable: RotaryTable.make(model.configuration, positions: part.count, in: execution.arena),
        arena: execution.arena)
      let hidden = model.hiddenStates(Tensor(Array(tokens[part]), in: execution.arena), context, on: &tape)
      let outer = Array(gradient[part.lowerBound * width..<part.upperBound * width])
      tape.backward(from: [(hidden, gradient: Tensor(outer, shape: [part.count, width], in: execution.arena))])
      return (hidden.tensor.toFloats(), all.toFloats())
    }
    let documents = zip(starts, starts.dropFirst() + [length]).map { $0..<$1 }
    let whole = try pass(0..<length, starts: documents.flatMap { part in part.map { _ in Int32(part.lowerBound) } })
    let alone = try documents.map { try pass($0, starts: nil) }
    #expect(relativeDifference(whole.hidden, alone.flatMap(\.hidden)) < 1e-5)
    let sums = alone.dropFirst().reduce(alone[0].gradients) { zip($0, $1.gradients).map { $0 + $1 } }
    #expect(relativeDifference(whole.gradients, sums) < 1e-5)
    #expect(relativeDifference(try pass(0..<length, starts: nil).hidden, whole.hidden) > 0.01)
  }

  /// Plain gradient descent on one batch: the loss falls, and nothing is left without a gradient.
  @Test(arguments: patterns, [DType.float32, .bfloat16]) func learns(_ pattern: String, compute: DType) throws {
    let model = try model(pattern)
    let execution = Execution(compute: compute)
    let tokens = (0..<48).map { Int32($0 * $0 % 31) }
    let targets = (0..<48).map { $0 % 24 == 23 ? -1 : tokens[$0 + 1] }
    var losses: [Float] = []
    for _ in 0..<12 {
      let gradient = try #require(model.store.gradient)
      execution.backend.fillZero(gradient)
      var tape = Tape(execution)
      let context = SequenceContext(
        sequences: 2, length: 24, documentStarts: (0..<48).map { $0 < 24 ? 0 : $0 < 34 ? 0 : 10 },
        rotaryTable: RotaryTable.make(model.configuration, positions: 24, in: execution.arena), arena: execution.arena)
      let hidden = model.hiddenStates(
        Tensor(tokens, in: execution.arena), context, recompute: losses.count % 2 == 1, on: &tape)
      let head = tape.outputHead(hidden, model.head, targets: Tensor(targets, in: execution.arena)) { _, _, _ in
        (-1 / 46, 0)
      }
      tape.backward(from: [(head.loss, gradient: Tensor([1], shape: [1], in: execution.arena))])
      losses.append(-head.results.logProbabilities.reduce(0, +) / 46)
      if losses.count == 2 {
        for parameter in model.store.parameters {
          let gradient = try #require(parameter.gradient).toFloats()
          #expect(gradient.contains { $0 != 0 } && gradient.allSatisfy(\.isFinite), "\(parameter.name)")
        }
      }
      let size = gradient.toFloats().reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
      for i in 0..<gradient.count { model.store.master.floats[i] -= 0.3 / max(size, 1) * gradient.floats[i] }
      model.store.version.advance()
    }
    #expect(losses[11] < 0.85 * losses[0], "\(losses)")
  }
}
