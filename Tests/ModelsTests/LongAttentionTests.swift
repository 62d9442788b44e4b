import Formats
import Foundation
import Models
import Tensors
import Testing

/// Attention for long texts: in chunks whose distances were all trained, and over chosen blocks of keys.
@Suite struct LongAttentionTests {
  /// Against plain attention with the distance that the paper gives each pair of tokens (arXiv:2402.17463, section 3).
  @Test(arguments: [false, true]) func dualChunksHaveThePapersDistances(hasDocuments: Bool) throws {
    let (size, local) = (6, 3)
    let case_ = try LongAttentionCase(
      ["kind": "attention", "dual_chunk": .integer(Int64(size)), "dual_chunk_local": .integer(Int64(local))])
    let starts: [Int32]? =
      hasDocuments ? (0..<LongAttentionCase.length).map { $0 < 4 ? 0 : $0 < 21 ? 4 : 21 } + (0..<LongAttentionCase.length).map { _ in 0 } : nil
    let execution = Execution(compute: .float32)
    let x = case_.input(execution)
    let output = case_.forward(x, starts: starts, execution).toFloats()
    let expected = case_.plainAttention(x.toFloats(), starts: starts) { query, key in
      let (chunk, other) = (query / size, key / size)
      let place =
        chunk == other ? query % size : chunk == other + 1 ? min(size + query % size, size + local - 1) : size + local - 1
      return place - key % size
    }
    #expect(maximumDifference(output, expected) < 2e-5)
  }

  /// Within one chunk the very bits of plain attention.
  @Test func oneChunkIsPlainAttention() throws {
    let plain = try LongAttentionCase(["kind": "attention"])
    let dual = try LongAttentionCase(["kind": "attention", "dual_chunk": 40, "dual_chunk_local": 8])
    let execution = Execution(compute: .float32)
    let x = plain.input(execution)
    let (a, b) = (plain.forward(x, starts: nil, execution), dual.forward(x, starts: nil, execution))
    #expect(a.toFloats() == b.toFloats())
    // And plain attention is what the reference of these tests computes.
    #expect(maximumDifference(a.toFloats(), plain.plainAttention(x.toFloats(), starts: nil) { $0 - $1 }) < 2e-5)
  }

  @Test(arguments: [
    ["kind": "attention", "dual_chunk": 6, "dual_chunk_local": 3],
    ["kind": "attention", "selected_blocks": 2, "block_size": 3, "local_blocks": 2, "first_blocks": 1],
    ["kind": "attention", "selected_blocks": 1, "block_size": 4, "learned_sinks": true],
  ] as [JSON]) func stepsGiveTheSame(_ mixer: JSON) throws {
    let case_ = try LongAttentionCase(mixer)
    let execution = Execution(compute: .float32)
    let x = case_.input(execution)
    let whole = case_.forward(x, starts: nil, execution).toFloats()
    for sizes in [[LongAttentionCase.length], [9, 1, 1, 5, 1, 1, 1, 4, 1, 1], Array(repeating: 1, count: LongAttentionCase.length)] {
      for sequence in 0..<2 {
        // Less room at first than is needed, so that the state is copied.
        var states = [case_.kind.makeState(capacity: 10, case_.site, in: execution)]
        var past = 0
        for size in sizes where past < LongAttentionCase.length {
          let length = min(size, LongAttentionCase.length - past)
          if states[0].capacity < past + length { states[0] = states[0].copied(capacity: 40, in: execution) }
          let rows = sequence * LongAttentionCase.length + past..<sequence * LongAttentionCase.length + past + length
          var tape = Tape(execution, recording: false)
          let context = StepContext(
            pasts: [past], lengths: [length],
            rotaryTable: RotaryTable.make(case_.configuration, positions: 40, in: execution.arena),
            arena: execution.arena)
          let output = case_.mixer.step(tape.variable(x[rows: rows]), context, states: &states, on: &tape).tensor
          let width = case_.configuration.hiddenSize
          let right = Array(whole[rows.lowerBound * width..<rows.upperBound * width])
          #expect(maximumDifference(output.toFloats(), right) < 2e-5, "\(sizes) \(rows)")
          past += length
        }
      }
    }
  }

  /// All blocks chosen is dense attention, in outputs and gradients; few are not.
  @Test(arguments: [false, true]) func allBlocksAreDenseAttention(hasDocuments: Bool) throws {
    let starts: [Int32]? =
      hasDocuments ? (0..<LongAttentionCase.length).map { $0 < 10 ? 0 : 10 } + (0..<LongAttentionCase.length).map { _ in 0 } : nil
    let execution = Execution(compute: .float32)
    func results(_ mixer: JSON) throws -> [[Float]] {
      let case_ = try LongAttentionCase(mixer)
      return case_.forwardAndBackward(case_.input(execution), starts: starts, execution)
    }
    let dense = try results(["kind": "attention"])
    let all = try results(["kind": "attention", "selected_blocks": 20, "block_size": 3])
    let few = try results(["kind": "attention", "selected_blocks": 1, "block_size": 3])
    #expect(dense.count == 6)
    for (a, b) in zip(dense, all) { #expect(relativeDifference(b, a) < 1e-5) }
    #expect(relativeDifference(few[0], dense[0]) > 0.01)
  }

  @Test func settingsSurviveAndSayWhatIsWrong() throws {
    let all: JSON = [
      "kind": "attention", "heads": 6, "key_value_heads": 3, "head_dimension": 10, "rope": true, "rope_theta": 500,
      "rope_share": 0.4, "alibi": false, "window": .null, "chunk": 7, "kept_first_tokens": 2, "learned_sinks": true,
      "logit_soft_cap": 30, "bias": true, "qk_norm": "projection", "output_gate": true, "selected_blocks": 3,
      "block_size": 16, "local_blocks": 2, "first_blocks": 1,
    ]
    let read = try LongAttentionCase(all).configuration
    let again = try ModelConfiguration(huggingFace: read.huggingFaceJSON(), file: "again")
    #expect(again == read)
    let latent: JSON = [
      "kind": "latent_attention", "q_lora_rank": 5, "kv_lora_rank": 6, "qk_nope_head_dim": 4, "qk_rope_head_dim": 2,
      "v_head_dim": 3,
    ]
    let other = try LongAttentionCase(latent).configuration
    #expect(try ModelConfiguration(huggingFace: other.huggingFaceJSON(), file: "again") == other)

    let wrong: [(JSON, String)] = [
      (["kind": "attention", "heads": 5, "key_value_heads": 2], "2 does not divide heads 5"),
      (["kind": "attention", "rope_share": 0.1], "an even number of 2 or more is needed"),
      (["kind": "attention", "kept_first_tokens": 2], "without window and chunk"),
      (["kind": "attention", "dual_chunk": 8], "belong together"),
      (["kind": "attention", "dual_chunk": 8, "dual_chunk_local": 2, "window": 3], "change window"),
      (["kind": "attention", "selected_blocks": 2], "block_size: missing"),
      (["kind": "attention", "windows": 2], "did you mean 'window'?"),
      (["kind": "latent_attention", "kv_lora_rank": 6], "qk_nope_head_dim: missing"),
      (
        ["kind": "latent_attention", "kv_lora_rank": 6, "qk_nope_head_dim": 4, "qk_rope_head_dim": 3, "v_head_dim": 3],
        "3 is odd"
      ),
    ]
    for mixer: JSON in [
      ["kind": "attention", "heads": 1_000_000, "head_dimension": 65_536],
      [
        "kind": "latent_attention", "heads": 1_000_000, "kv_lora_rank": 6, "qk_nope_head_dim": 65_536,
        "qk_rope_head_dim": 2, "v_head_dim": 3,
      ],
    ] {
      #expect { try LongAttentionCase.configuration(mixer, width: 1 << 20) } throws: { "\($0)".contains("a quadrillion") }
    }
    for (mixer, part) in wrong {
      #expect { try LongAttentionCase(mixer) } throws: { "\($0)".contains(part) }
    }
  }
}

/// One layer of random weights, two sequences of random inputs.
struct LongAttentionCase {
  static let length = 27
  let configuration: ModelConfiguration
  let site: LayerSite
  let kind: any MixerKind
  let store: ParameterStore
  let mixer: any Mixer

  init(_ mixer: JSON) throws {
    configuration = try Self.configuration(mixer, width: 24)
    site = LayerSite(configuration, layer: 0, scheme: InitializationScheme(scaling: .none))
    kind = configuration.mixer(layer: 0)
    store = ParameterStore(kind.declarations(site), trainable: true)
    store.initialize(seed: 5)
    store.gradient?.floats.update(repeating: 0)
    self.mixer = kind.makeMixer(store, site)
  }

  static func configuration(_ mixer: JSON, width: Int64) throws -> ModelConfiguration {
    try ModelConfiguration(
      huggingFace: [
        "model_type": "apus", "vocab_size": 9, "hidden_size": .integer(width), "intermediate_size": 8, "num_hidden_layers": 1,
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 64,
        "initializer_range": 0.3, "architecture": ["mixers": .array([mixer])],
      ], file: "case")
  }

  func input(_ execution: Execution) -> Tensor {
    let x = execution.tensor([2 * Self.length, configuration.hiddenSize], .float32)
    Philox(seed: 3, purpose: "test").fillNormal(x.floats, standardDeviation: 1)
    return x
  }

  private func context(_ starts: [Int32]?, _ execution: Execution) -> SequenceContext {
    SequenceContext(
      sequences: 2, length: Self.length, documentStarts: starts,
      rotaryTable: RotaryTable.make(configuration, positions: Self.length, in: execution.arena),
      arena: execution.arena)
  }

  func forward(_ x: Tensor, starts: [Int32]?, _ execution: Execution) -> Tensor {
    var tape = Tape(execution, recording: false)
    return mixer.forward(tape.variable(x), context(starts, execution), on: &tape).tensor
  }

  /// The output, and the gradients of the input and of all parameters from a fixed one of the output.
  func forwardAndBackward(_ x: Tensor, starts: [Int32]?, _ execution: Execution) -> [[Float]] {
    var tape = Tape(execution)
    let input = tape.variable(x)
    let output = mixer.forward(input, context(starts, execution), on: &tape)
    let gradient = execution.tensor(x.shape, .float32)
    Philox(seed: 4, purpose: "test").fillNormal(gradient.floats, standardDeviation: 1)
    let inputGradient = tape.backward(from: [(output, gradient: gradient)], to: [input])[0]
    return [output.tensor.toFloats(), inputGradient?.toFloats() ?? []]
      + store.parameters.map { $0.gradient?.toFloats() ?? [] }
  }

  /// Causal attention of 4 heads over 2 of width 8 with rotary embeddings by `distance` between places in a document, in
  /// double, one score at a time.
  func plainAttention(_ x: [Float], starts: [Int32]?, distance: (_ query: Int, _ key: Int) -> Int) -> [Float] {
    let (hidden, width, length) = (24, 8, Self.length)
    func product(_ row: ArraySlice<Double>, _ name: String) -> [Double] {
      guard let weights = store.parameter("model.layers.0.self_attn.\(name)_proj.weight")?.master.toFloats() else { return [] }
      let inputs = row.count
      return (0..<weights.count / inputs).map { o in
        zip(row, weights[o * inputs..<(o + 1) * inputs]).reduce(0) { $0 + $1.0 * Double($1.1) }
      }
    }
    var result: [Float] = []
    for sequence in 0..<2 {
      let rows = (0..<length).map { i in
        x[(sequence * length + i) * hidden..<(sequence * length + i + 1) * hidden].map(Double.init)[...]
      }
      let (q, k, v) = (rows.map { product($0, "q") }, rows.map { product($0, "k") }, rows.map { product($0, "v") })
      for i in 0..<length {
        let start = Int(starts?[sequence * length + i] ?? 0)
        var mixed: [Double] = []
        for head in 0..<4 {
          let scores = (start...i).map { j -> Double in
            let turns = Double(distance(i - start, j - start))
            return (0..<4).reduce(0) { sum, pair in
              let angle = turns * pow(10_000, -Double(pair) / 4)
              let (a, b) = (q[i][head * width + pair], q[i][head * width + 4 + pair])
              let (c, d) = (k[j][head / 2 * width + pair], k[j][head / 2 * width + 4 + pair])
              return sum + cos(angle) * (a * c + b * d) + sin(angle) * (a * d - b * c)
            } / 8.0.squareRoot()
          }
          let top = scores.max() ?? 0
          let weights = scores.map { exp($0 - top) }
          let total = weights.reduce(0, +)
          for d in 0..<width {
            mixed.append(zip(start...i, weights).reduce(0) { $0 + $1.1 / total * v[$1.0][head / 2 * width + d] })
          }
        }
        result += product(mixed[...], "o").map { Float($0) }
      }
    }
    return result
  }
}
