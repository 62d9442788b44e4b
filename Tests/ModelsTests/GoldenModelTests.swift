import Formats
import Foundation
import Models
import Tensors
import Testing

/// Tiny models whose logits, log-probabilities, losses and gradients transformers has computed in float32
/// (`scripts/golden/llama_golden.py`).
@Suite struct GoldenModelTests {
  static let cases = [
    "llama_gqa", "llama_mha_untied", "qwen3", "smollm3_nope", "llama3_rope", "llama_documents", "llama_window",
    "llama_z_loss", "gemma2", "gemma3", "gemma3_older_keys", "olmo2", "qwen2", "llama_biases",
    "gpt2", "gpt2_documents", "qwen3_moe", "mixtral", "qwen3_next", "minimax", "llama4",
    "deepseek_v3", "deepseek_v3_plain", "gpt_oss",
    "falcon_h1", "falcon_h1_documents", "zamba2", "zamba2_documents",
  ]

  @Test(arguments: cases) func agreesWithTransformers(_ name: String) throws {
    let golden = try GoldenCase(name)
    let model = golden.model
    let execution = Execution(compute: .float32)
    var tape = Tape(execution)
    tape.routing = RoutingLedger(stepTokens: golden.tokens.count)
    let hidden = model.hiddenStates(golden.tokens, golden.context(execution), on: &tape)

    let logits = model.logits(hidden.tensor, in: execution)
    #expect(maximumDifference(logits.toFloats(), try golden.expected("logits")) < 1e-4)

    let gradients = try golden.backward(from: hidden, on: &tape)
    #expect(abs(gradients.loss - Double(try golden.expected("loss")[0])) < 1e-5)
    #expect(maximumDifference(gradients.results.logProbabilities, try golden.expected("logprobs")) < 1e-4)
    #expect(maximumDifference(gradients.results.logSumExp, try golden.expected("logsumexp")) < 1e-4)
    for (declaration, parameter) in zip(model.store.declarations, model.store.parameters)
    where declaration.isOptimized {
      let own = try #require(parameter.gradient).toFloats()
      let reference = try golden.expectedGradient(declaration)
      #expect(relativeDifference(own, reference) < 1e-4, "gradient of \(parameter.name)")
    }
  }

  @Test(arguments: [
    "llama_gqa", "smollm3_nope", "qwen3", "gemma3", "olmo2", "gpt2", "qwen3_moe", "minimax", "deepseek_v3", "gpt_oss",
    "zamba2",
  ])
  func recomputeGivesTheSameBits(_ name: String) throws {
    func gradients(recompute: Bool) throws -> [Float] {
      let golden = try GoldenCase(name)
      let execution = Execution(compute: .float32)
      var tape = Tape(execution)
      tape.routing = RoutingLedger(stepTokens: golden.tokens.count)
      let hidden = golden.model.hiddenStates(
        golden.tokens, golden.context(execution), recompute: recompute, on: &tape)
      _ = try golden.backward(from: hidden, on: &tape)
      return try #require(golden.model.store.gradient).toFloats()
    }
    #expect(try gradients(recompute: true) == gradients(recompute: false))
  }

  @Test(arguments: ["llama_gqa", "llama_mha_untied", "qwen3", "gemma2", "gemma3", "olmo2", "gpt2"])
  func bfloat16StaysNearFloat32(_ name: String) throws {
    let golden = try GoldenCase(name)
    let execution = Execution(compute: .bfloat16)
    var tape = Tape(execution)
    let hidden = golden.model.hiddenStates(golden.tokens, golden.context(execution), on: &tape)
    let logits = golden.model.logits(hidden.tensor, in: execution)
    let distance = relativeDifference(logits.toFloats(), try golden.expected("logits"))
    #expect(distance < 2.5e-2, "\(distance)")
    _ = try golden.backward(from: hidden, on: &tape)
    for (declaration, parameter) in zip(golden.model.store.declarations, golden.model.store.parameters) {
      let own = try #require(parameter.gradient).toFloats()
      #expect(relativeDifference(own, try golden.expectedGradient(declaration)) < 6e-2, "\(parameter.name)")
    }
  }

  @Test(arguments: [
    "llama_gqa", "qwen3", "gemma2", "gemma3", "olmo2", "gpt2", "qwen2", "qwen3_moe", "mixtral", "qwen3_next", "minimax",
    "llama4", "deepseek_v3", "deepseek_v3_plain", "gpt_oss",
    "falcon_h1", "zamba2",
  ])
  func greedyTokensWithCacheAgree(_ name: String) throws {
    let golden = try GoldenCase(name)
    let expected = try JSON.parse(contentsOfFile: golden.path("greedy.json"))
    let prompt = try #require(expected["prompt"]?.int32s)
    let continuation = try #require(expected["continuation"]?.int32s)
    let execution = Execution(compute: .float32)
    var state = DecoderState(golden.model.configuration, capacity: 64, in: execution)
    var hidden = golden.model.step(prompt, state: &state, in: execution)
    var generated: [Int32] = []
    for _ in continuation {
      let logits = golden.model.logits(hidden[rows: hidden.rows - 1..<hidden.rows], in: execution).toFloats()
      let token = Int32(try #require(logits.indices.max { logits[$0] < logits[$1] }))
      generated.append(token)
      hidden = golden.model.step([token], state: &state, in: execution)
    }
    #expect(generated == continuation)
  }

  @Test(arguments: [
    "llama_gqa", "gemma3", "gpt2", "qwen3_moe", "mixtral", "qwen3_next", "minimax", "llama4", "deepseek_v3",
    "deepseek_v3_plain", "gpt_oss", "falcon_h1", "zamba2",
  ])
  func weightsSurviveSavingAndLoading(_ name: String) throws {
    let golden = try GoldenCase(name)
    let folder = FileManager.default.temporaryDirectory.path.appendingPath("apus-weights-\(UUID().uuidString)")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try WeightFiles.save(golden.model.store, as: .bfloat16, to: folder.appendingPath("model.safetensors"))
    let copy = DecoderModel(golden.model.configuration, trainable: false)
    try WeightFiles.load(into: copy.store, directory: folder)
    #expect(copy.store.master.toFloats() == golden.model.store.master.toFloats())
    // The very tensors that transformers wrote, in its layout.
    let original = try Safetensors(golden.path("model.safetensors"))
    let saved = try Safetensors(folder.appendingPath("model.safetensors"))
    #expect(Set(saved.entries.keys) == Set(original.entries.keys))
    for entry in original.entries.values {
      let own = try saved.entry(entry.name, element: entry.element, shape: entry.shape)
      #expect(saved.bytes(of: own).elementsEqual(original.bytes(of: entry)), "\(entry.name)")
    }
  }
}
