import Formats
import Models
import Tensors
import Testing

/// Layers that do not see the whole text hold only what they still see of it.
@Suite struct AttentionWindowTests {
  static let length = 460
  static let mixers = [
    #"{"kind": "attention", "window": 20}"#,
    #"{"kind": "attention", "window": 20, "kept_first_tokens": 3}"#,
    #"{"kind": "attention", "window": 21, "alibi": true}"#,
    #"{"kind": "attention", "window": 9, "learned_sinks": true, "output_gate": true}"#,
    #"{"kind": "attention", "chunk": 64}"#,
    #"{"kind": "attention", "chunk": 48, "kept_first_tokens": 2}"#,
    #"{"kind": "attention", "chunk": 96, "window": 30}"#,
  ]

  private struct Reader {
    let mixer: MixerCase
    let x: [Float]
    let whole: [Float]
    let execution = Execution(compute: .float32)

    init(_ settings: String) throws {
      mixer = try MixerCase(settings)
      x = randomRows(AttentionWindowTests.length * 32, seed: 11)
      whole = mixer.mixed(x, sequences: 1, length: AttentionWindowTests.length)
    }

    /// Reads the next `count` rows, and says how far the result is from that of the whole text.
    func read(_ count: Int, _ state: inout any MixerState) -> Float {
      let rows = state.count * 32..<(state.count + count) * 32
      var tape = Tape(execution, recording: false)
      let context = StepContext(
        pasts: [state.count], lengths: [count],
        rotaryTable: RotaryTable.make(
          mixer.configuration, positions: AttentionWindowTests.length, in: execution.arena), arena: execution.arena)
      let input = tape.variable(Tensor(Array(x[rows]), shape: [count, 32], in: execution.arena))
      var states = [state]
      let output = mixer.mixer.step(input, context, states: &states, on: &tape).tensor.toFloats()
      state = states[0]
      return maximumDifference(output, Array(whole[rows]))
    }
  }

  @Test(arguments: mixers) func longTextsAreReadAsBefore(_ settings: String) throws {
    let reader = try Reader(settings)
    for (first, sizes) in [(300, [1]), (1, [1]), (7, [50, 1, 1, 3])] {
      var state = reader.mixer.state(reader.execution)
      var difference = reader.read(first, &state)
      var next = 0
      while state.count < Self.length {
        difference = max(difference, reader.read(min(sizes[next % sizes.count], Self.length - state.count), &state))
        next += 1
      }
      #expect(difference < 2e-5, "\(first), \(sizes)")
      let held = try #require(state as? AttentionState).held
      #expect(held < 330 && state.capacity == .max, "\(held)")
    }
    let kind = reader.mixer.configuration.mixer(layer: 0)
    func bytes(_ tokens: Int) -> Int { kind.stateBytes(tokens: tokens, reader.mixer.site, compute: .float32) }
    #expect(bytes(100_000) == bytes(1_000_000) && bytes(2) == 2 * bytes(1))
  }

  /// A text may go on in two ways, and be taken back as far as what is then seen is held.
  @Test(arguments: mixers) func forksAndShortensTexts(_ settings: String) throws {
    let reader = try Reader(settings)
    var state = reader.mixer.state(reader.execution)
    _ = reader.read(200, &state)
    while state.count < 380 { _ = reader.read(1, &state) }
    let shared = state
    var fork = state.copied(capacity: 400, in: reader.execution)
    for _ in 0..<80 { #expect(reader.read(1, &state) < 2e-5) }
    for _ in 0..<80 { #expect(reader.read(1, &fork) < 2e-5) }
    // What was appended did not touch the rows of a copy.
    var again = shared
    #expect(reader.read(80, &again) < 2e-5)

    let nearest = try #require((0..<460).last { !again.canTruncate(to: $0) })
    #expect(nearest > 100 && nearest < 459 && again.canTruncate(to: 0))
    for count in [nearest + 1, 459] {
      var shorter = again
      shorter.truncate(to: count)
      #expect(shorter.count == count)
      #expect(reader.read(1, &shorter) < 2e-5, "\(count)")
    }
    again.truncate(to: 0)
    #expect(reader.read(150, &again) < 2e-5)
  }
}
