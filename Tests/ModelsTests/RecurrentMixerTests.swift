import Formats
import Models
import Tensors
import Testing

/// Mixers that sum the past up: the same from whole sequences and from steps, document by document, in any precision.
@Suite struct RecurrentMixerTests {
  static let settings = [
    #"{"kind": "linear_attention", "key_dimension": 6, "value_dimension": 10}"#,
    #"{"kind": "linear_attention", "gate": "norm"}"#,
    #"{"kind": "linear_attention", "gate": "retention", "heads": 3}"#,
    #"{"kind": "linear_attention", "gate": "gated_retention", "gate_temperature": 2}"#,
    #"{"kind": "linear_attention", "gate": "gla", "gate_temperature": 1, "gate_rank": 5}"#,
    #"{"kind": "lightning_attention"}"#,
    #"{"kind": "gated_delta_net", "heads": 4, "key_heads": 2, "key_dimension": 6, "value_dimension": 9}"#,
    #"{"kind": "kimi_delta_attention", "heads": 3, "head_dimension": 7, "convolution": 3}"#,
    #"{"kind": "mamba", "inner_size": 40, "state_size": 5}"#,
    #"{"kind": "mamba2", "heads": 4, "head_dimension": 10, "state_size": 7, "groups": 2}"#,
    #"{"kind": "mamba2", "heads": 3, "head_dimension": 8, "state_size": 5, "norm": false}"#,
    """
    {"kind": "mamba2", "heads": 4, "head_dimension": 6, "state_size": 5, "groups": 2, "norm_before_gate": true,
     "smallest_time_step": 0.01, "largest_time_step": 0.8, "factors": [1.5, 0.5, 2, 0.7, 1.2]}
    """,
    #"{"kind": "mlstm", "key_dimension": 6}"#,
    #"{"kind": "gate_loop", "heads": 3, "key_dimension": 6, "value_dimension": 9}"#,
    #"{"kind": "hgrn2", "key_dimension": 6}"#,
    #"{"kind": "rwkv6", "mix_rank": 5, "decay_rank": 6}"#,
  ]

  /// Attention beside a mixer that sums the past up, or before it.
  static let parallel = [
    """
    {"kind": "parallel", "mixers": [
      {"kind": "attention", "input_factor": 1.4, "output_factor": 0.7, "score_factor": 0.5},
      {"kind": "mamba2", "heads": 3, "head_dimension": 8, "state_size": 5, "input_factor": 0.8, "output_factor": 1.3}]}
    """,
    """
    {"kind": "parallel", "mixers": [
      {"kind": "linear_attention", "key_dimension": 6}, {"kind": "mamba", "inner_size": 24, "state_size": 4},
      {"kind": "attention", "window": 5}]}
    """,
    """
    {"kind": "shared_block", "rank": 3, "adapts_attention": true,
     "attention": {"kind": "attention", "head_dimension": 16},
     "mixer": {"kind": "mamba2", "heads": 3, "head_dimension": 8, "state_size": 5}}
    """,
  ]

  @Test(arguments: settings + parallel) func stepsAgreeWithSequences(_ settings: String) throws {
    let mixer = try MixerCase(settings)
    let (a, b) = (randomRows(41 * 32, seed: 1), randomRows(3 * 32, seed: 2))
    // A prompt, single tokens, and pauses of either sequence.
    func rows(_ x: [Float], _ range: Range<Int>) -> [Float] { Array(x[range.lowerBound * 32..<range.upperBound * 32]) }
    var steps = [[rows(a, 0..<7), rows(b, 0..<1)], [rows(a, 7..<8), []], [rows(a, 8..<9), rows(b, 1..<2)]]
    steps += (9..<40).map { [rows(a, $0..<$0 + 1), []] }
    steps.append([rows(a, 40..<41), rows(b, 2..<3)])
    let results = mixer.stepped(steps)
    #expect(relativeDifference(results[0], mixer.mixed(a, sequences: 1, length: 41)) < 1e-5)
    #expect(relativeDifference(results[1], mixer.mixed(b, sequences: 1, length: 3)) < 1e-5)
  }

  @Test(arguments: settings + parallel) func documentsBeginAnew(_ settings: String) throws {
    let mixer = try MixerCase(settings)
    let x = randomRows(2 * 37 * 32, seed: 3)
    let starts: [[Int32]] = [[0, 5, 6, 20], [0, 33]]
    let firsts = starts.flatMap { starts in (0..<37).map { token in starts.last { $0 <= Int32(token) } ?? 0 } }
    let together = mixer.mixed(x, sequences: 2, length: 37, documentStarts: firsts)
    var apart: [Float] = []
    for (sequence, starts) in starts.enumerated() {
      for (i, start) in starts.enumerated() {
        let end = i + 1 < starts.count ? Int(starts[i + 1]) : 37
        let rows = x[(sequence * 37 + Int(start)) * 32..<(sequence * 37 + end) * 32]
        apart += mixer.mixed(Array(rows), sequences: 1, length: end - Int(start))
      }
    }
    #expect(relativeDifference(together, apart) < 1e-5)
    #expect(relativeDifference(together, mixer.mixed(x, sequences: 2, length: 37)) > 1e-3)
  }

  @Test(arguments: settings + parallel) func bfloat16StaysNearFloat32(_ settings: String) throws {
    let mixer = try MixerCase(settings)
    let x = randomRows(70 * 32, seed: 4)
    let exact = mixer.mixed(x, sequences: 2, length: 35)
    #expect(relativeDifference(mixer.mixed(x, sequences: 2, length: 35, compute: .bfloat16), exact) < 3e-2)
  }

  @Test(arguments: settings + parallel) func settingsAreReadAsWritten(_ settings: String) throws {
    let mixer = try MixerCase(settings)
    var again = mixer.configuration
    try again.apply(architecture: mixer.configuration.architectureSettings, path: "architecture")
    #expect(again == mixer.configuration)
  }

  /// A forked state goes on by itself, and memory does not grow with the text.
  @Test(arguments: settings) func statesAreForked(_ settings: String) throws {
    let mixer = try MixerCase(settings)
    let execution = Execution(compute: .float32)
    var states = [mixer.state(execution)]
    func step(_ x: [Float], _ states: inout [any MixerState]) -> [Float] {
      var tape = Tape(execution, recording: false)
      let rows = x.count / 32
      let context = StepContext(
        pasts: states.map(\.count), lengths: [rows],
        rotaryTable: RotaryTable.make(mixer.configuration, positions: 64, in: execution.arena), arena: execution.arena)
      let variable = tape.variable(Tensor(x, shape: [rows, 32], in: execution.arena))
      return mixer.mixer.step(variable, context, states: &states, on: &tape).tensor.toFloats()
    }
    _ = step(randomRows(5 * 32, seed: 6), &states)
    var fork = [states[0].copied(capacity: 9, in: execution)]
    let next = randomRows(32, seed: 7)
    let expected = step(next, &states)
    #expect(step(next, &fork) == expected && !fork[0].isTruncatable && fork[0].count == 6)
    fork[0].truncate(to: 0)
    #expect(step(next, &fork) != expected && fork[0].count == 1)
    let kind = mixer.configuration.mixer(layer: 0)
    #expect(
      kind.stateBytes(tokens: 1, mixer.site, compute: .float32)
        == kind.stateBytes(tokens: 1000, mixer.site, compute: .float32))
  }

  @Test func wrongSettings() {
    for (settings, part) in [
      (#"{"kind": "gated_delta_net", "heads": 3, "key_heads": 2}"#, "does not divide"),
      (#"{"kind": "mamba2", "heads": 3, "groups": 2}"#, "does not divide"), (#"{"kind": "mamba2"}"#, "heads: missing"),
      (#"{"kind": "linear_attention", "gate": "nrom"}"#, "did you mean 'norm'"),
      (#"{"kind": "mamba", "heads": 3}"#, "no such setting"),
      (#"{"kind": "mamba2", "heads": 3, "factors": [1, 2]}"#, "[1,2] is not a list of 5 numbers"),
      (#"{"kind": "parallel"}"#, "mixers: missing"),
      (#"{"kind": "parallel", "mixers": [{"kind": "attention"}, {"kind": "attention"}]}"#, "take different kinds"),
      (#"{"kind": "parallel", "mixers": [{"kind": "dense"}]}"#, "is not one of attention"),
      (#"{"kind": "shared_block"}"#, "mixer: missing"),
      (
        #"{"kind": "parallel", "mixers": [{"kind": "shared_block", "mixer": {"kind": "attention"}}]}"#,
        "'shared_block' cannot be a part"
      ),
      (
        """
        {"kind": "shared_block", "mixer": {"kind": "attention"}},
        {"kind": "shared_block", "blocks": 2, "mixer": {"kind": "attention"}}
        """, "what layers share is one"
      ),
    ] {
      let error = #expect(throws: SettingsError.self) { try MixerCase(settings) }
      #expect("\(error.map(\.description) ?? "")".contains(part), "\(settings)")
    }
  }
}
