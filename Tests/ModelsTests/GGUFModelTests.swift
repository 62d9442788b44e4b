import Formats
import Foundation
import Models
import OrderedCollections
import Tensors
import Testing

/// The golden models through a GGUF file and back.
@Suite struct GGUFModelTests {
  private static let cases = [
    "llama_gqa", "llama_mha_untied", "qwen3", "llama3_rope", "gemma3", "olmo2", "smollm3_nope",
    "gpt2", "qwen2", "llama_biases",
  ]

  /// A folder that goes away with the test.
  private final class Folder {
    let path = FileManager.default.temporaryDirectory.path.appendingPath("apus-gguf-\(UUID().uuidString)")
    init() throws { try Paths.createFolder(path) }
    deinit { try? Paths.remove(path) }
  }

  /// A golden model whose shape GGUF has room for.
  private func model(_ name: String) throws -> DecoderModel {
    let golden = try GoldenCase(name).model
    var configuration = golden.configuration
    if name == "gemma3" { configuration.attentionScalar = configuration.headDimension }
    if name == "smollm3_nope" { configuration.noRopeInterval = 4 }
    return DecoderModel(configuration, store: golden.store)
  }

  private func write(
    _ model: DecoderModel, as type: WeightType, to path: String,
    tokenizer: OrderedDictionary<String, GGUFValue> = [:]
  ) throws {
    let export = try GGUFExport(model.configuration, as: type, name: "golden", tokenizer: tokenizer)
    try export.write(from: StoreWeights(model.store), to: path)
    #expect(try export.byteCount(path: path) == Paths.size(ofFile: path))
  }

  @Test(arguments: cases) func configurationAndWeightsComeBack(_ name: String) throws {
    let folder = try Folder()
    let model = try model(name)
    let path = folder.path.appendingPath("model.gguf")
    var ends: OrderedDictionary<String, GGUFValue> = [:]
    if let token = model.configuration.beginOfTextToken { ends["tokenizer.ggml.bos_token_id"] = .uint32(UInt32(token)) }
    if let token = model.configuration.endOfTextToken { ends["tokenizer.ggml.eos_token_id"] = .uint32(UInt32(token)) }
    try write(model, as: .float32, to: path, tokenizer: ends)
    let stored = try StoredModel(path)
    var expected = model.configuration
    expected.initializerRange = 0.02
    #expect(stored.configuration == expected)
    let copy = try stored.load()
    for (own, original) in zip(copy.store.parameters, model.store.parameters) {
      // One is added to Gemma's norms and taken away again, which rounds.
      let tolerance: Float = name == "gemma3" && own.name.hasSuffix("norm.weight") ? 1e-6 : 0
      #expect(maximumDifference(own.master.toFloats(), original.master.toFloats()) <= tolerance, "\(own.name)")
    }
  }

  @Test func queriesAndKeysOfLlamaAreInterleaved() throws {
    let folder = try Folder()
    let model = try model("llama_gqa")
    let path = folder.path.appendingPath("model.gguf")
    try write(model, as: .float32, to: path)
    let file = try GGUFFile(path)
    let c = model.configuration
    let half = c.headDimension / 2
    for (name, place, heads) in [
      ("q_proj", "attn_q", c.headCount), ("k_proj", "attn_k", c.keyValueHeadCount), ("v_proj", "attn_v", 0),
    ] {
      let original = try #require(model.store.parameter("model.layers.0.self_attn.\(name).weight")).master.toFloats()
      let tensor = try #require(file.tensors["blk.0.\(place).weight"])
      let values = withExtendedLifetime(file) { Array(file.bytes(of: tensor).bindMemory(to: Float.self)) }
      for row in 0..<tensor.shape[0] {
        // Rows 2j and 2j + 1 of a head are its rows j and j + half.
        let inHead = row % c.headDimension
        let from = heads == 0 ? row : row - inHead + inHead / 2 + inHead % 2 * half
        #expect(values[row * c.hiddenSize] == original[from * c.hiddenSize], "\(name) row \(row)")
      }
    }
  }

  @Test func typesAreThoseOfLlamaCpp() throws {
    let folder = try Folder()
    let model = try model("llama_mha_untied")
    let path = folder.path.appendingPath("model.gguf")
    try write(model, as: .q8_0, to: path)
    let file = try GGUFFile(path)
    #expect(file.metadata["general.file_type"] == .uint32(7))
    for tensor in file.tensors.values {
      let expected: GGUFTensorType =
        tensor.shape.count == 1 ? .float32 : (tensor.shape.last ?? 0) % 32 == 0 ? .q8_0 : .float16
      #expect(tensor.type == expected, "\(tensor.name)")
    }
    let stored = try StoredModel(path).load()
    for (own, original) in zip(stored.store.parameters, model.store.parameters) {
      #expect(relativeDifference(own.master.toFloats(), original.master.toFloats()) < 0.01, "\(own.name)")
    }
  }

  @Test func logitsOfAStretchedModelStay() throws {
    let folder = try Folder()
    let golden = try GoldenCase("llama3_rope")
    let path = folder.path.appendingPath("model.gguf")
    try write(golden.model, as: .float32, to: path)
    let execution = Execution(compute: .float32)
    var tape = Tape(execution, recording: false)
    let copy = try StoredModel(path).load()
    let hidden = copy.hiddenStates(golden.tokens, golden.context(execution), on: &tape)
    let logits = copy.logits(hidden.tensor, in: execution).toFloats()
    #expect(maximumDifference(logits, try golden.expected("logits")) < 1e-4)
  }

  @Test func refusesWhatGGUFHasNoPlaceFor() throws {
    func refusal(_ name: String, _ change: (inout ModelConfiguration) -> Void) throws -> String {
      var configuration = try GoldenCase(name).model.configuration
      change(&configuration)
      do {
        _ = try GGUFExport(configuration, as: .float16, name: "m", tokenizer: [:])
        return "accepted"
      } catch { return "\(error)" }
    }
    #expect(try refusal("qwen3") { $0.slidingWindow = 8 }.contains("m: sliding_window: 8"))
    #expect(try refusal("smollm3_nope") { $0.noRopeInterval = 3 }.contains("no_rope_layer_interval"))
    #expect(try refusal("llama_gqa") { $0.noRopeInterval = 2 }.contains("no layer without rotary embedding"))
    #expect(try refusal("gemma3") { $0.attentionScalar = 20 }.contains("query_pre_attn_scalar: 20"))
    #expect(try refusal("qwen3") { $0.attentionOutputBias = true }.contains("attention_bias"))
    #expect(try refusal("olmo2") { $0.tiedEmbeddings = true }.contains("tie_word_embeddings"))
  }

  @Test(arguments: [
    ("general.architecture", GGUFValue?.none, "\"general.architecture\" is missing"),
    ("general.architecture", .string("mamba"), "\"mamba\", which is not one of llama"),
    ("llama.embedding_length", nil, "hidden_size: missing"),
    ("llama.embedding_length", .string("x"), "\"llama.embedding_length\" is a string where a whole number"),
    ("llama.block_count", .uint32(0), "\"llama.block_count\" is refused: 0 is not a whole number"),
    ("llama.attention.head_count", .numbers(.int32([4, 4])), "is a list of numbers where a whole number"),
    ("llama.expert_count", .uint32(8), "mixtures of experts"),
    ("split.count", .uint16(2), "one of 2 files"),
    ("llama.attention.sliding_window", .uint32(16), "only the architecture gemma3"),
    ("llama.rope.scaling.type", .string("yarn"), "is \"yarn\"; none and linear are read"),
    ("llama.feed_forward_length", .uint32(8), "but this configuration needs"),
  ] as [(String, GGUFValue?, String)])
  func refusesBadMetadata(_ key: String, _ value: GGUFValue?, _ reason: String) throws {
    let folder = try Folder()
    let model = try model("llama_gqa")
    let export = try GGUFExport(model.configuration, as: .float32, name: "golden", tokenizer: [:])
    let good = folder.path.appendingPath("good.gguf")
    try export.write(from: StoreWeights(model.store), to: good)
    let file = try GGUFFile(good)
    var metadata = file.metadata
    metadata[key] = value
    #expect(try refusal(rewriting: file, metadata, to: folder.path.appendingPath("bad.gguf")).contains(reason))
  }

  @Test func refusesStrayAndMissingTensors() throws {
    let folder = try Folder()
    let model = try model("llama_gqa")
    let good = folder.path.appendingPath("good.gguf")
    try write(model, as: .float32, to: good)
    let file = try GGUFFile(good)
    let bad = folder.path.appendingPath("bad.gguf")
    #expect(
      try refusal(rewriting: file, file.metadata, to: bad) { $0 == "blk.0.attn_v.weight" ? "blk.0.attn_v.bias" : $0 }
        .contains("\"blk.0.attn_v.bias\" has no place"))
    #expect(
      try refusal(rewriting: file, file.metadata, to: bad) { $0 == "output_norm.weight" ? nil : $0 }
        .contains("\"model.norm.weight\" is missing"))
    #expect(
      try refusal(rewriting: file, file.metadata, to: bad) { $0 == "token_embd.weight" ? nil : $0 }
        .contains("\"token_embd.weight\" is missing"))
  }

  /// The sentence with which a copy with other metadata or names is refused.
  private func refusal(
    rewriting file: GGUFFile, _ metadata: OrderedDictionary<String, GGUFValue>, to path: String,
    rename: (String) -> String? = { $0 }
  ) throws -> String {
    let kept = file.tensors.values.compactMap { tensor in rename(tensor.name).map { (tensor, $0) } }
    let writer = try GGUFWriter(
      path, metadata: metadata, tensors: kept.map { .init(name: $1, type: $0.type, shape: $0.shape) })
    try withExtendedLifetime(file) {
      for (tensor, name) in kept { try writer.append(file.bytes(of: tensor), to: name) }
    }
    try writer.commit()
    do {
      _ = try StoredModel(path).load()
      return "accepted"
    } catch {
      let text = "\(error)"
      #expect(text.hasPrefix(path))
      return text
    }
  }
}
