import Formats
import Foundation
import Models
import Testing

private let llama = """
  {"model_type": "llama", "vocab_size": 100, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 4,
   "num_attention_heads": 4}
  """

/// The message of reading `text` after replacing or adding members, or a note that it was accepted.
private func message(_ changes: [(String, String)], family: String = "llama") -> String {
  var text = llama.replacing("\"llama\"", with: "\"\(family)\"")
  for (key, value) in changes {
    if let start = text.firstRange(of: "\"\(key)\": ") {
      let end = text[start.upperBound...].firstIndex { $0 == "," || $0 == "}" } ?? text.endIndex
      text.replaceSubrange(start.upperBound..<end, with: value)
    } else {
      text.insert(contentsOf: "\"\(key)\": \(value), ", at: text.index(after: text.startIndex))
    }
  }
  do {
    _ = try ModelConfiguration(huggingFace: JSON.parse(text), file: "config.json")
    return "accepted"
  } catch { return "\(error)" }
}

extension ModelConfiguration {
  /// Experts of the last layer.
  fileprivate var expertCount: Int? { (feedForward(layer: layerCount - 1) as? ExpertsFeedForward)?.router.experts }
}

@Suite struct HuggingFaceConfigurationTests {
  private func read(_ text: String) throws -> ModelConfiguration {
    try ModelConfiguration(huggingFace: JSON.parse(text), file: "config.json")
  }

  @Test func everyPresetSurvivesWritingAndReading() throws {
    for preset in Preset.allCases {
      let json = preset.configuration.huggingFaceJSON()
      let text = json.serializedString(pretty: true)
      #expect(try read(text) == preset.configuration, "\(preset)")
    }
    for (family, interval) in [(ModelConfiguration.Family.qwen3, nil), (.smollm3, 2), (.smollm3, nil)] as [(_, Int?)] {
      let windowed = ModelConfiguration(
        family: family, vocabularySize: 10, hiddenSize: 8, intermediateSize: 8, layerCount: 4, headCount: 2,
        headDimension: 6, contextLength: 99, ropeScaling: .linear(factor: 2.5), noRopeInterval: interval,
        slidingWindow: 16)
      #expect(try read(windowed.huggingFaceJSON().serializedString()) == windowed)
    }
  }

  @Test func defaultsOfEachFamily() throws {
    let plain = try read(llama)
    #expect(plain.keyValueHeadCount == 4 && plain.headDimension == 16 && plain.contextLength == 2048)
    #expect(plain.ropeTheta == 10_000 && plain.normEpsilon == 1e-6 && !plain.tiedEmbeddings)
    let qwen = try read(llama.replacing("llama", with: "qwen3"))
    #expect(qwen.headDimension == 128 && qwen.queryKeyNorm == .head)
    let smol = try read(llama.replacing("llama", with: "smollm3"))
    #expect(smol.noRopeInterval == 4 && smol.ropeTheta == 2e6 && smol.tiedEmbeddings)
  }

  @Test func bothRotaryLayouts() throws {
    let old = llama.replacing(
      "{\"model", with: "{\"rope_theta\": 5e5, \"rope_scaling\": {\"type\": \"linear\", \"factor\": 4}, \"model")
    let new = llama.replacing(
      "{\"model",
      with: "{\"rope_parameters\": {\"rope_theta\": 500000.0, \"rope_type\": \"linear\", \"factor\": 4.0}, \"model")
    #expect(try read(old) == read(new))
    #expect(try read(new).ropeTheta == 5e5 && read(new).ropeScaling == .linear(factor: 4))
    let stretched = llama.replacing(
      "{\"model",
      with: """
        {"rope_parameters": {"rope_theta": 500000.0, "rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}, "model
        """)
    #expect(
      try read(stretched).ropeScaling
        == .llama3(factor: 32, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192))
  }

  @Test func noRopeLayersBecomeAnInterval() throws {
    let text = llama.replacing("\"llama\"", with: "\"smollm3\"")
    let listed = text.replacing("{\"model", with: "{\"no_rope_layers\": [1, 0, 1, 0], \"model")
    #expect(try read(listed).noRopeInterval == 2)
    let none = text.replacing("{\"model", with: "{\"no_rope_layers\": [1, 1, 1, 1], \"model")
    #expect(try read(none).noRopeInterval == nil)
  }

  @Test(arguments: [
    ("hidden_size", "0", "hidden_size: 0 is not a whole number from 1 to"),
    ("hidden_size", "\"64\"", "hidden_size: \"64\" is not a whole number"),
    ("hidden_size", "1e300", "is not a whole number"),
    ("hidden_size", "null", "hidden_size: missing"),
    ("model_type", "\"mamba\"", "model_type: \"mamba\" is not one of llama, qwen2, qwen3"),
    ("num_key_value_heads", "3", "3 does not divide num_attention_heads 4"),
    ("head_dim", "7", "7 is odd"),
    ("num_attention_heads", "1000", "head_dim: 0 is odd or 0"),
    ("hidden_act", "\"gelu\"", "\"gelu\" is not supported"),
    ("scale_attn_weights", "false", "false is not supported"),
    ("tie_word_embeddings", "1", "1 is not true or false"),
    ("rms_norm_eps", "-1", "-1 is not a number above 0"),
    ("rope_theta", "0", "0 is not a number above 0"),
    ("rope_scaling", "{\"type\": \"longrope\"}", "\"longrope\" is not one of default, linear, llama3, yarn"),
    ("rope_scaling", "{\"type\": \"yarn\", \"factor\": 0}", "rope_scaling.factor: 0 is not a number above 0"),
    ("rope_scaling", "{\"type\": \"yarn\", \"factor\": 2, \"mscale\": -1}", "mscale: -1 is not a number of 0 or more"),
    ("rope_scaling", "{\"type\": \"yarn\", \"factor\": 2, \"truncate\": 1}", "truncate: 1 is not true or false"),
    ("rope_scaling", "{\"type\": \"linear\"}", "rope_scaling.factor: missing"),
    ("rope_scaling", "[1]", "is not an object"),
    ("rope_parameters", "{\"full_attention\": {}}", "differ by layer type"),
    ("partial_rotary_factor", "0.5", "0.5 is not supported"),
    ("eos_token_id", "\"x\"", "is not a token number"),
    ("quantization_config", "{}", "quantised checkpoints cannot be read"),
  ])
  func badValuesAreRefusedByOneSentence(key: String, value: String, part: String) {
    let text = message([(key, value)])
    #expect(text.hasPrefix("config.json: ") && text.contains(part) && !text.contains("\n"), "\(text)")
  }

  @Test func badLayerListsAreRefused() {
    #expect(message([("no_rope_layers", "[1]")], family: "smollm3").contains("for each of 4 layers"))
    #expect(message([("no_rope_layers", "[1, 0, 0, 1]")], family: "smollm3").contains("layer 2 breaks that"))
    #expect(message([("no_rope_layers", "[1, 2, 0, 1]")], family: "smollm3").contains("only 0 and 1"))
    let window = [("use_sliding_window", "true"), ("sliding_window", "8")]
    #expect(message(window + [("max_window_layers", "2")], family: "qwen3").contains("layer 0 breaks the rule"))
    #expect(message(window + [("max_window_layers", "0")], family: "qwen3") == "accepted")
    #expect(message(window + [("max_window_layers", "4")], family: "qwen3") == "accepted")
    #expect(message(window, family: "smollm3").contains("layer 0 breaks the rule"))
    #expect(message([("eos_token_id", "[5, 6]")]) == "accepted")
  }

  /// Folders that transformers wrote read as what they were built from, and read back as what was written.
  @Test(arguments: [
    "llama_gqa", "llama_mha_untied", "llama3_rope", "qwen3", "smollm3_nope", "gemma3", "gemma3_older_keys", "olmo2",
    "qwen2", "llama_biases", "gpt2", "gpt2_documents", "gemma2", "qwen3_next", "minimax", "llama4",
    "qwen3_moe", "mixtral", "deepseek_v3", "deepseek_v3_plain", "gpt_oss",
  ])
  func foldersOfTransformers(name: String) throws {
    let folder = try #require(Bundle.module.resourcePath).appendingPath("Golden").appendingPath(name)
    let model = try ModelConfiguration(huggingFace: folder)
    switch name {
    case "llama_mha_untied": #expect(!model.tiedEmbeddings && model.ropeTheta == 50_000 && model.keyValueHeadCount == 4)
    case "llama3_rope":
      #expect(
        model.ropeScaling
          == .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 64))
    case "qwen3": #expect(model.queryKeyNorm == .head && model.headDimension == 24 && model.ropeTheta == 1e6)
    case "gemma3", "gemma3_older_keys":
      #expect(model.ropeTheta == 9000 && model.localRopeTheta == 300 && model.attentionScalar == 20)
      #expect(model.slidingWindow == 8 && model.fullAttentionInterval == 3 && model.headDimension == 12)
      #expect(model.ropeScaling == (name == "gemma3" ? nil : .linear(factor: 8)))
    case "qwen2": #expect(model.queryKeyValueBias && !model.attentionOutputBias && !model.feedForwardBias)
    case "llama_biases": #expect(model.queryKeyValueBias && model.attentionOutputBias && model.feedForwardBias)
    case "gpt2", "gpt2_documents":
      #expect(model.positions == .learned && model.norm == .layer && model.activation == .gelu && model.tiedEmbeddings)
      #expect(model.contextLength == (name == "gpt2" ? 48 : 23) && model.normEpsilon == 1e-5)
      #expect(model.intermediateSize == (name == "gpt2" ? 36 : 96))
    case "gemma2":
      #expect(model.logitSoftCap == 3 && (model.mixer(layer: 2) as? SoftmaxAttention)?.logitSoftCap == 2.5)
      #expect((0..<3).map { model.slidingWindow(layer: $0) } == [8, nil, 8] && model.queryKeyNorm == nil)
    case "qwen3_next":
      #expect((0..<3).map { model.mixer(layer: $0) is GatedDeltaNet } == [true, false, true])
      #expect((model.mixer(layer: 1) as? SoftmaxAttention)?.outputGate == true && model.ropeShare == 0.5)
      #expect(model.norm == .rmsOnePlus && model.feedForward(layer: 2) is DenseFeedForward)
    case "minimax":
      #expect((0..<3).map { model.mixer(layer: $0) is LightningAttention } == [true, false, true])
      #expect(model.normPlacement == .stream)
      #expect(model.feedForwardFactors[0] == ResidualFactors(stream: 0.8, branch: 1.1))
      #expect(model.mixerFactors[0].stream == 1.3 && model.mixerFactors[1] == ResidualFactors(stream: 1.6, branch: 0.7))
    case "llama4":
      let mixers = (0..<3).map { model.mixer(layer: $0) as? SoftmaxAttention }
      #expect(mixers.map { $0?.chunk } == [8, nil, 8] && mixers.map { $0?.queryKeyNorm } == [.unit, nil, .unit])
      #expect(mixers[1]?.temperature == AttentionTemperature(scale: 0.4, interval: 5) && model.noRopeInterval == 2)
      #expect(model.intermediateSize == 28 && model.feedForward(layer: 1) is DenseFeedForward)
    case "olmo2":
      #expect(model.queryKeyNorm == .projection && model.normPlacement == .after && !model.tiedEmbeddings)
    case "qwen3_moe", "mixtral": #expect(model.expertCount == (name == "mixtral" ? 5 : 8))
    case "deepseek_v3", "deepseek_v3_plain":
      let attention = try #require(model.mixer(layer: 2) as? LatentAttention)
      #expect(attention.queryRank == (name == "deepseek_v3" ? 20 : nil) && attention.valueWidth == 10)
      #expect(model.feedForward(layer: 0) is DenseFeedForward && model.expertCount == (name == "deepseek_v3" ? 8 : 6))
      #expect(model.ropeInterleaved && model.headDimension == 8)
    case "gpt_oss":
      #expect(model.slidingWindow(layer: 0) == 8 && model.slidingWindow(layer: 1) == nil)
      #expect(model.activation == .clampedSwiGLU && model.attentionOutputBias && model.expertCount == 5)
    case "smollm3_nope": #expect(model.noRopeInterval == 2 && model.family == .smollm3 && model.ropeTheta == 5000)
    default: #expect(model.layerCount == 2 && model.normEpsilon == 1e-5 && model.vocabularySize == 97)
    }
    let copy = FileManager.default.temporaryDirectory.path.appendingPath("apus-config-\(UUID().uuidString)")
    try Paths.createFolder(copy)
    defer { try? FileManager.default.removeItem(atPath: copy) }
    try model.saveHuggingFaceConfiguration(folder: copy)
    #expect(try ModelConfiguration(huggingFace: copy) == model)
  }

  @Test func wrongDocuments() {
    #expect(throws: HuggingFaceConfigurationError.self) {
      try ModelConfiguration(huggingFace: .array([]), file: "config.json")
    }
    #expect(throws: (any Error).self) { try ModelConfiguration(huggingFace: "/nonexistent") }
  }
}
