import Formats
import Models
import Testing

private func read(_ members: String) throws -> ModelConfiguration {
  let text = "{\"model_type\": \"gpt2\", \"vocab_size\": 100, \"n_embd\": 64, \"n_layer\": 2, \(members)}"
  return try ModelConfiguration(huggingFace: JSON.parse(text), file: "config.json")
}

@Suite struct GPT2ConfigurationTests {
  @Test func whatAFileLeavesOut() throws {
    let model = try read("\"n_head\": 4, \"n_inner\": null, \"reorder_and_upcast_attn\": true")
    #expect(model.intermediateSize == 256 && model.contextLength == 1024 && model.headDimension == 16)
    #expect(model.normEpsilon == 1e-5 && model.tiedEmbeddings && model.keyValueHeadCount == 4)
    #expect(model.queryKeyValueBias && model.attentionOutputBias && model.feedForwardBias)
    #expect(!model.usesRope(layer: 0) && model.slidingWindow(layer: 0) == nil)
  }

  @Test func declarations() throws {
    let model = try read("\"n_head\": 4, \"n_positions\": 32, \"tie_word_embeddings\": false")
    let list = model.declarations()
    #expect(
      list.prefix(8).map(\.name) == [
        "transformer.wte.weight", "transformer.wpe.weight", "transformer.h.0.ln_1.weight", "transformer.h.0.ln_1.bias",
        "transformer.h.0.attn.c_attn.weight", "transformer.h.0.attn.c_attn.bias", "transformer.h.0.attn.c_proj.weight",
        "transformer.h.0.attn.c_proj.bias",
      ])
    #expect(list.suffix(3).map(\.name) == ["transformer.ln_f.weight", "transformer.ln_f.bias", "lm_head.weight"])
    let fused = try #require(list.first { $0.name.hasSuffix("c_attn.weight") })
    #expect(fused.shape == [192, 64] && fused.storedShape == [64, 192])
    let output = try #require(list.first { $0.name.hasSuffix("attn.c_proj.weight") })
    #expect(output.initialization == .normal(standardDeviation: 0.01))
    #expect(list.filter { $0.name.hasSuffix("bias") }.allSatisfy { $0.initialization == .constant(0) })
  }

  @Test func learnedPositionsCount() throws {
    var model = try read("\"n_head\": 4")
    #expect(model.hasCountableSize)
    model.contextLength = 1 << 45
    #expect(!model.hasCountableSize)
  }

  @Test(arguments: [
    ("\"n_head\": 3", "n_head: 3 does not divide n_embd 64"),
    ("\"n_layers\": 3", "n_head: missing"),
    ("\"n_head\": 4, \"activation_function\": \"relu\"", "activation_function: \"relu\" is not supported"),
    ("\"n_head\": 4, \"scale_attn_weights\": false", "scale_attn_weights: false is not supported"),
    ("\"n_head\": 4, \"scale_attn_by_inverse_layer_idx\": true", "scale_attn_by_inverse_layer_idx: true is not"),
    ("\"n_head\": 4, \"add_cross_attention\": true", "add_cross_attention: true is not supported"),
    ("\"n_head\": 4, \"layer_norm_epsilon\": 0", "layer_norm_epsilon: 0 is not a number above 0"),
  ])
  func refusals(members: String, part: String) {
    do {
      _ = try read(members)
      Issue.record("accepted \(members)")
    } catch {
      let text = "\(error)"
      #expect(text.hasPrefix("config.json: ") && text.contains(part) && !text.contains("\n"), "\(text)")
    }
  }
}
