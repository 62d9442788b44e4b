import Formats
import Foundation
import Models
import Tensors
import Testing

/// Models whose matrices stay in their files compute the bits of those that are copied into memory.
@Suite struct StoredRowsTests {
  private static let cases = [
    "llama_gqa", "llama_mha_untied", "llama3_rope", "llama_biases", "qwen2", "qwen3", "smollm3_nope", "gemma3", "olmo2",
    "gpt2",
  ]

  /// Logits of 23 tokens read at once and of one more, by a model's own steps.
  private func logits(_ model: DecoderModel, _ execution: Execution) -> [Float] {
    var state = DecoderState(model.configuration, capacity: 32, in: execution)
    let vocabulary = Int32(model.configuration.vocabularySize)
    let prompt = model.step((0..<23).map { 7 * $0 % vocabulary }, state: &state, in: execution)
    let next = model.step([vocabulary - 1], state: &state, in: execution)
    return model.logits(prompt, in: execution).toFloats() + model.logits(next, in: execution).toFloats()
  }

  private func check(_ path: String) throws {
    let stored = try StoredModel(path)
    for format in WeightFormat.allCases {
      let execution = Execution(compute: .bfloat16, weightFormat: format)
      let copied = try stored.load()
      if format == .q8 { copied.store.roundToQ8(in: execution) }
      let model = try stored.load(for: execution)
      #expect(model.store.parameters.contains { $0.stored != nil } && model.store.count == copied.store.count)
      #expect(logits(model, execution) == logits(copied, execution), "\(path), \(format.rawValue)")
      for parameter in copied.store.parameters {
        var values = [Float](repeating: .nan, count: parameter.count)
        try values.withUnsafeMutableBufferPointer { try StoreWeights(model.store).read(parameter.name, into: $0) }
        #expect(values == parameter.master.toFloats(), "\(path), \(parameter.name), \(format.rawValue)")
      }
    }
  }

  @Test(arguments: cases + ["qwen3_moe", "mixtral", "deepseek_v3", "deepseek_v3_plain", "gpt_oss"])
  func safetensors(_ name: String) throws { try check(GoldenCase(name).folder) }

  @Test(arguments: cases) func gguf(_ name: String) throws {
    let golden = try GoldenCase(name).model
    var configuration = golden.configuration
    if name == "gemma3" { configuration.attentionScalar = configuration.headDimension }
    if name == "smollm3_nope" { configuration.noRopeInterval = 4 }
    let path = FileManager.default.temporaryDirectory.path.appendingPath("apus-stored-\(UUID().uuidString).gguf")
    defer { try? Paths.remove(path) }
    for type in [WeightType.float16, .q8_0] {
      let export = try GGUFExport(configuration, as: type, name: name, tokenizer: [:])
      try export.write(from: StoreWeights(golden.store), to: path)
      try check(path)
    }
  }

  @Test func float32KeepsMasters() throws {
    let model = try StoredModel(GoldenCase("llama_gqa").folder).load(for: Execution(compute: .float32))
    #expect(model.store.parameters.allSatisfy { $0.stored == nil })
  }

  /// A matrix of many parts, which end within its parameters.
  @Test func partsArePackedAsTheWhole() throws {
    let arena = Arena()
    let (width, heights) = (2048, [700, 1100, 513])
    let values = (0..<width * heights.reduce(0, +)).map { Float($0 &* 2_654_435_761 % 2001 - 1000) / 500 }
    let master = Tensor(values, shape: [values.count / width, width], in: arena)
    var (copied, stored, first) = ([Parameter](), [Parameter](), 0)
    for height in heights {
      let rows = master[rows: first..<first + height]
      copied.append(Parameter(name: "\(height)", master: rows, gradient: nil))
      stored.append(
        Parameter(
          name: "\(height)", shape: rows.shape,
          stored: StoredRows { _ = $1.update(fromContentsOf: rows[rows: $0].floats) }))
      first += height
    }
    let matrices = [copied, stored].map { WeightMatrix($0, version: WeightVersion(), arena: arena) }
    let x = Tensor((0..<8 * width).map { Float($0 % 17) - 8 }, shape: [8, width], in: arena)
    for (compute, format) in [(DType.bfloat16, WeightFormat.compute), (.float32, .compute), (.bfloat16, .q8)] {
      let execution = Execution(compute: compute, weightFormat: format)
      for rows in [1, 8] {
        let outputs = matrices.map { matrix in
          var tape = Tape(execution, recording: false)
          return tape.logits(tape.variable(x[rows: 0..<rows]), HeadWeights(matrix)).toFloats()
        }
        #expect(outputs[0] == outputs[1], "\(compute), \(format.rawValue), \(rows) rows")
      }
    }
  }
}
