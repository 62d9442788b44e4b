import Formats
import Foundation
import Models
import Tensors
import Testing

/// Mixers whose outputs and gradients transformers, or a plain recurrence, has computed in float32
/// (`scripts/golden/mixers.py`).
@Suite struct GoldenMixerTests {
  struct Case: Sendable {
    var name: String
    var settings: String
    var prefix: String
    var layer = 0
    var layers = 2
  }

  static let cases = [
    Case(
      name: "gated_delta_net",
      settings: #"{"kind": "gated_delta_net", "heads": 4, "key_heads": 2, "key_dimension": 8, "value_dimension": 12}"#,
      prefix: "linear_attn"),
    Case(
      name: "kimi_delta_attention", settings: #"{"kind": "kimi_delta_attention", "heads": 3, "head_dimension": 8}"#,
      prefix: "self_attn"),
    Case(
      name: "mamba2", settings: #"{"kind": "mamba2", "heads": 4, "head_dimension": 16, "state_size": 10}"#,
      prefix: "mamba"),
    Case(
      name: "mamba2_groups",
      settings: #"{"kind": "mamba2", "heads": 4, "head_dimension": 16, "state_size": 10, "groups": 2}"#, prefix: "mamba"),
    Case(
      name: "mamba2_factors",
      settings: """
        {"kind": "mamba2", "heads": 4, "head_dimension": 12, "state_size": 6, "groups": 2, "convolution": 3,
         "convolution_bias": false, "norm_before_gate": true, "smallest_time_step": 0.9, "largest_time_step": 1.6,
         "factors": [0.7, 1.3, 0.6, 1.8, 0.5]}
        """, prefix: "mamba"),
    Case(
      name: "mamba", settings: #"{"kind": "mamba", "inner_size": 48, "state_size": 6, "time_step_rank": 3}"#,
      prefix: "mamba"),
    Case(
      name: "lightning_attention", settings: #"{"kind": "lightning_attention"}"#, prefix: "self_attn", layer: 1, layers: 3),
    Case(name: "mlstm", settings: #"{"kind": "mlstm", "key_dimension": 4, "value_dimension": 8}"#, prefix: "mlstm_layer"),
    // Plain recurrences of the papers, as transformers has no module (`scripts/golden/recurrences.py`).
    Case(
      name: "retention",
      settings: #"{"kind": "linear_attention", "gate": "retention", "heads": 3, "key_dimension": 8, "value_dimension": 12}"#,
      prefix: "linear_attn"),
    Case(
      name: "gated_retention",
      settings: """
        {"kind": "linear_attention", "gate": "gated_retention", "gate_temperature": 2, "heads": 3, "key_dimension": 8,
         "value_dimension": 12}
        """, prefix: "linear_attn"),
    Case(
      name: "gla",
      settings: """
        {"kind": "linear_attention", "gate": "gla", "gate_temperature": 1, "gate_rank": 5, "heads": 3,
         "key_dimension": 8, "value_dimension": 12}
        """, prefix: "linear_attn"),
    Case(
      name: "gate_loop", settings: #"{"kind": "gate_loop", "heads": 3, "key_dimension": 8, "value_dimension": 12}"#,
      prefix: "linear_attn"),
    Case(
      name: "hgrn2", settings: #"{"kind": "hgrn2", "heads": 3, "key_dimension": 8, "value_dimension": 12}"#,
      prefix: "linear_attn"),
    Case(
      name: "rwkv6",
      settings: """
        {"kind": "rwkv6", "heads": 3, "key_dimension": 8, "value_dimension": 12, "mix_rank": 4, "decay_rank": 6}
        """, prefix: "linear_attn"),
  ]

  @Test(arguments: cases) func agreesWithTransformers(_ golden: Case) throws {
    let folder = try #require(Bundle.module.resourcePath).appendingPath("Golden/mixers")
    let file = try Safetensors(folder.appendingPath("\(golden.name).safetensors"))
    func values(_ name: String) throws -> [Float] {
      let bytes = file.bytes(of: try file.entry(name, element: .float32))
      return (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
    }
    let mixer = try MixerCase(golden.settings, layer: golden.layer, layers: golden.layers)
    let prefix = "model.layers.\(golden.layer).\(golden.prefix)."
    var left = Set(file.entries.keys.filter { $0.hasPrefix("weight.") })
    for parameter in mixer.store.parameters {
      let name = "weight." + parameter.name.dropFirst(prefix.count)
      #expect(parameter.name.hasPrefix(prefix) && file.entries[name]?.shape == parameter.shape, "\(parameter.name)")
      for (i, value) in try values(name).enumerated() { parameter.master.floats[i] = value }
      left.remove(name)
    }
    #expect(left.isEmpty)
    mixer.store.version.advance()

    let execution = Execution(compute: .float32)
    var tape = Tape(execution)
    let x = tape.variable(Tensor(try values("x"), shape: [42, 32], in: execution.arena))
    let y = mixer.mixer.forward(x, mixer.context(sequences: 2, length: 21, execution), on: &tape)
    #expect(relativeDifference(y.tensor.toFloats(), try values("y")) < 1e-5)
    let gradient = Tensor(try values("dy"), shape: [42, 32], in: execution.arena)
    let dx = try #require(tape.backward(from: [(y, gradient: gradient)], to: [x])[0])
    #expect(relativeDifference(dx.toFloats(), try values("dx")) < 1e-4)
    for parameter in mixer.store.parameters {
      let expected = try values("grad." + parameter.name.dropFirst(prefix.count))
      let difference = relativeDifference(try #require(parameter.gradient).toFloats(), expected)
      #expect(difference < 1e-4, "\(parameter.name): \(difference)")
    }
  }
}
