import Tensors
import Testing

/// A step of so many sequences that the threads take whole ones.
@Suite struct ManySequencesTests {
  @Test(arguments: [
    #"{"kind": "attention"}"#,
    #"{"kind": "attention", "window": 5, "kept_first_tokens": 1}"#,
    #"{"kind": "attention", "learned_sinks": true}"#,
    #"{"kind": "attention", "selected_blocks": 1, "block_size": 3}"#,
  ])
  func eachGetsWhatItGetsAlone(_ settings: String) throws {
    let mixer = try MixerCase(settings)
    let count = 4 * InstructionSet.threads + 3
    let steps = (0..<3).map { step in
      // Few queries and more, and in some steps none.
      (0..<count).map { randomRows((($0 * 5 + step) % 8) * 32, seed: UInt64(1 + $0 + 100 * step)) }
    }
    let together = mixer.stepped(steps)
    for i in 0..<count {
      let alone = mixer.stepped(steps.filter { !$0[i].isEmpty }.map { [$0[i]] })[0]
      #expect(alone.count == together[i].count && maximumDifference(alone, together[i]) < 2e-5, "sequence \(i)")
    }
  }
}
