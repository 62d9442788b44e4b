import Formats
import Models
import Testing

/// Reads a Gemma 3 of which `members` are given.
private func read(_ members: String, type: String = "gemma3_text") throws -> ModelConfiguration {
  try ModelConfiguration(huggingFace: JSON.parse("{\"model_type\": \"\(type)\", \(members)}"), file: "config.json")
}

private func message(_ members: String, type: String = "gemma3_text") -> String {
  do {
    _ = try read(members, type: type)
    return "accepted"
  } catch { return "\(error)" }
}

@Suite struct GemmaConfigurationTests {
  /// What a file leaves out is as in transformers.
  @Test func defaults() throws {
    let model = try read("\"bos_token_id\": 2")
    #expect(model.vocabularySize == 262_208 && model.hiddenSize == 2304 && model.intermediateSize == 9216)
    #expect(model.layerCount == 26 && model.headCount == 8 && model.keyValueHeadCount == 4 && model.headDimension == 256)
    #expect(model.ropeTheta == 1e6 && model.localRopeTheta == 1e4 && model.ropeScaling == nil)
    #expect(model.slidingWindow == 4096 && model.fullAttentionInterval == 6 && model.attentionScalar == 256)
    #expect(model.norm == .rmsOnePlus && model.normPlacement == .around && model.activation == .geGLU)
    #expect(model.scalesEmbedding && model.queryKeyNorm == .head && model.tiedEmbeddings)
    #expect((0..<7).map { model.slidingWindow(layer: $0) == nil } == [false, false, false, false, false, true, false])
    #expect(model.usesLocalRope(layer: 4) && !model.usesLocalRope(layer: 5))
  }

  @Test func oldAndNewKeys() throws {
    let old = try read(
      """
      "num_hidden_layers": 4, "rope_theta": 5e5, "rope_local_base_freq": 300, "sliding_window": 16,
      "rope_scaling": {"rope_type": "linear", "factor": 8.0}, "_sliding_window_pattern": 2
      """)
    let new = try read(
      """
      "num_hidden_layers": 4, "sliding_window": 16,
      "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "full_attention"],
      "rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 8, "rope_theta": 500000},
                          "sliding_attention": {"rope_type": "default", "rope_theta": 300}}
      """)
    #expect(old == new)
    #expect(new.ropeScaling == .linear(factor: 8) && new.localRopeTheta == 300 && new.fullAttentionInterval == 2)
    #expect(try read("\"num_hidden_layers\": 4").fullAttentionInterval == nil)
  }

  /// The language model inside a model with vision; its tokens stand outside.
  @Test func visionModels() throws {
    let text = "\"hidden_size\": 64, \"num_hidden_layers\": 6, \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 8}"
    let inside = try read("\"eos_token_id\": [1, 106], \"text_config\": {\(text), \"model_type\": \"x\"}", type: "gemma3")
    #expect(inside == (try read("\(text), \"eos_token_id\": 1")))
    #expect(message("\"hidden_size\": 64", type: "gemma3").contains("text_config: missing"))
    #expect(
      message("\"text_config\": {\"hidden_size\": 0}", type: "gemma3")
        .hasPrefix("config.json: text_config.hidden_size: 0 is not"))
    #expect(message("\"text_config\": {}, \"quantization_config\": {}", type: "gemma3").contains("quantised"))
  }

  @Test(arguments: [
    ("\"attn_logit_softcapping\": 50.0", "attn_logit_softcapping: 50.0 is not supported"),
    ("\"final_logit_softcapping\": 30.0", "final_logit_softcapping: 30.0 is not supported"),
    ("\"use_bidirectional_attention\": true", "a token sees those before it only"),
    ("\"hidden_activation\": \"silu\"", "this family's feed-forward layer has gelu_pytorch_tanh"),
    ("\"sliding_window\": 0", "sliding_window: 0 is not a whole number"),
    ("\"query_pre_attn_scalar\": 0", "query_pre_attn_scalar: 0 is not a whole number"),
    ("\"layer_types\": [\"full_attention\"]", "it must be a list of 26 times"),
    ("\"num_hidden_layers\": 2, \"layer_types\": [\"full_attention\", \"sliding_attention\"]", "layer 1 breaks that"),
    ("\"rope_parameters\": {\"rope_theta\": 5}", "settings for full_attention and for sliding_attention"),
    (
      "\"rope_parameters\": {\"sliding_attention\": {\"rope_type\": \"linear\", \"factor\": 2}}",
      "rope_parameters.sliding_attention.rope_type: \"linear\" is not supported"
    ),
    ("\"rope_parameters\": {\"sliding_attention\": {}, \"full_attention\": 5}", "5 is not an object"),
  ])
  func refusals(members: String, part: String) {
    let text = message(members)
    #expect(text.hasPrefix("config.json: ") && text.contains(part) && !text.contains("\n"), "\(text)")
  }
}
