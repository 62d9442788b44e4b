import Formats
import Foundation
import Models
import Tensors
import Testing

/// One layer's attention in float32 against what transformers' modules make of it (`scripts/golden/attention_golden.py`).
@Suite struct AttentionGoldenTests {
  static let cases = [
    "soft_cap", "learned_sinks", "output_gate", "chunks", "alibi", "kept_first_tokens", "latent", "latent_yarn",
  ]

  @Test(arguments: cases) func outputsAndGradients(_ name: String) throws {
    let golden = try MixerGolden(name)
    let execution = Execution(compute: .float32)
    golden.store.gradient?.floats.update(repeating: 0)
    var tape = Tape(execution)
    let x = tape.variable(try golden.tensor("x", execution))
    let output = golden.mixer.forward(x, golden.context(execution), on: &tape)
    #expect(maximumDifference(output.tensor.toFloats(), try golden.values("output")) < 2e-5)

    let gradient = try golden.tensor("output_gradient", execution)
    let inputGradient = tape.backward(from: [(output, gradient: gradient)], to: [x])[0]
    let expected = try golden.values("grad.x")
    #expect(relativeDifference(try #require(inputGradient).toFloats(), expected) < 2e-5, "gradient of x")
    for parameter in golden.store.parameters {
      let own = try #require(parameter.gradient).toFloats()
      let distance = relativeDifference(own, try golden.values("grad.\(parameter.name)"))
      #expect(distance < 2e-5, "gradient of \(parameter.name): \(distance)")
    }
  }

  @Test(arguments: cases) func bfloat16StaysNearFloat32(_ name: String) throws {
    let golden = try MixerGolden(name)
    let execution = Execution(compute: .bfloat16)
    golden.store.gradient?.floats.update(repeating: 0)
    var tape = Tape(execution)
    let x = tape.variable(try golden.tensor("x", execution))
    let output = golden.mixer.forward(x, golden.context(execution), on: &tape)
    #expect(relativeDifference(output.tensor.toFloats(), try golden.values("output")) < 2e-2)
    let gradient = try golden.tensor("output_gradient", execution)
    tape.backward(from: [(output, gradient: gradient)], to: [x])
    for parameter in golden.store.parameters {
      let own = try #require(parameter.gradient).toFloats()
      let distance = relativeDifference(own, try golden.values("grad.\(parameter.name)"))
      #expect(distance < 5e-2, "gradient of \(parameter.name): \(distance)")
    }
  }

  /// Token by token, and several at once, with a state for each document, what whole sequences give.
  @Test(arguments: cases) func stepsGiveTheSame(_ name: String) throws {
    let golden = try MixerGolden(name)
    let execution = Execution(compute: .float32)
    let x = try golden.tensor("x", execution)
    let expected = try golden.values("output")
    let site = LayerSite(golden.configuration, layer: 0)
    for (row, starts) in (golden.documents ?? [[0], [0]]).enumerated() {
      for (start, end) in zip(starts, starts.dropFirst() + [MixerGolden.length]) {
        var states = [golden.configuration.mixer(layer: 0).makeState(capacity: 23, site, in: execution)]
        var place = start
        for size in [7, 1, 1, 3, 1, 5, 1, 1, 1, 1, 1] where place < end {
          let length = min(size, end - place)
          var tape = Tape(execution, recording: false)
          let context = StepContext(
            pasts: [place - start], lengths: [length],
            rotaryTable: RotaryTable.make(golden.configuration, positions: 23, in: execution.arena),
            arena: execution.arena)
          let rows = (row * MixerGolden.length + place)..<(row * MixerGolden.length + place + length)
          let output = golden.mixer.step(tape.variable(x[rows: rows]), context, states: &states, on: &tape)
          let width = golden.configuration.hiddenSize
          let right = Array(expected[rows.lowerBound * width..<rows.upperBound * width])
          #expect(maximumDifference(output.tensor.toFloats(), right) < 2e-5, "\(rows)")
          place += length
        }
        #expect(states[0].count == end - start)
      }
    }
  }

  @Test func yarnIsAsTransformersComputesIt() throws {
    let folder = try #require(Bundle.module.resourcePath).appendingPath("Golden/attention")
    let rows = try #require(JSON.parse(contentsOfFile: folder.appendingPath("yarn.json")).arrayValue)
    #expect(rows.count == 7)
    for row in rows {
      let width = try #require(row["head_dim"]?.intValue)
      let context = try #require(row["max_position_embeddings"])
      let configuration = try ModelConfiguration(
        huggingFace: [
          "model_type": "llama", "vocab_size": 9, "hidden_size": .integer(Int64(width)), "intermediate_size": 8,
          "num_hidden_layers": 1, "num_attention_heads": 1, "max_position_embeddings": context,
          "rope_parameters": try #require(row["rope_parameters"]),
        ], file: "yarn.json")
      let embedding = RotaryEmbedding(
        theta: configuration.ropeTheta, width: width, scaling: configuration.ropeScaling)
      let expected = try #require(row["frequencies"]?.arrayValue).compactMap(\.doubleValue)
      #expect(embedding.frequencies.count == expected.count)
      for (own, right) in zip(embedding.frequencies, expected) { #expect(abs(own - right) <= 2e-6 * right) }
      let factor = try #require(row["attention_factor"]?.doubleValue)
      #expect(abs(embedding.attentionFactor - factor) < 1e-12)
      // What is written is read back the same.
      let again = try ModelConfiguration(huggingFace: configuration.huggingFaceJSON(), file: "again")
      #expect(again.ropeScaling == configuration.ropeScaling)
    }
  }
}

/// A case of `Golden/attention`.
struct MixerGolden {
  static let length = 23
  let configuration: ModelConfiguration
  let store: ParameterStore
  let mixer: any Mixer
  let documents: [[Int]]?
  private let file: Safetensors

  init(_ name: String) throws {
    let folder = try #require(Bundle.module.resourcePath).appendingPath("Golden/attention")
    let json = try JSON.parse(contentsOfFile: folder.appendingPath("\(name).json"))
    configuration = try ModelConfiguration(huggingFace: json, file: name)
    documents = json["documentStarts"]?.arrayValue.map { $0.map { ($0.arrayValue ?? []).compactMap(\.intValue) } }
    file = try Safetensors(folder.appendingPath("\(name).safetensors"))
    let site = LayerSite(configuration, layer: 0)
    let kind = configuration.mixer(layer: 0)
    store = ParameterStore(kind.declarations(site), trainable: true)
    mixer = kind.makeMixer(store, site)
    for parameter in store.parameters { _ = parameter.master.floats.update(fromContentsOf: try values(parameter.name)) }
    store.version.advance()
  }

  func values(_ name: String) throws -> [Float] {
    let bytes = file.bytes(of: try file.entry(name, element: .float32))
    return (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
  }

  /// One of the tensors `[tokens, hidden]`.
  func tensor(_ name: String, _ execution: Execution) throws -> Tensor {
    Tensor(
      try values(name), shape: [2 * Self.length, configuration.hiddenSize], dtype: execution.compute,
      in: execution.arena)
  }

  func context(_ execution: Execution) -> SequenceContext {
    let starts = documents?.flatMap { row in
      (0..<Self.length).map { token in Int32(row.last { $0 <= token } ?? 0) }
    }
    return SequenceContext(
      sequences: 2, length: Self.length, documentStarts: starts,
      rotaryTable: RotaryTable.make(configuration, positions: Self.length, in: execution.arena),
      arena: execution.arena)
  }
}
