import Testing
import Optimization

@Suite struct NamePatternsTests {
  @Test func patternsMatchFromTheStartUnderBothNames() throws {
    let embedding = "model.embed_tokens.weight"
    #expect(try NamePatterns(patterns: [".*token_embedding.*"]).match(embedding))
    #expect(try NamePatterns(patterns: [".*embed_tokens.*"]).match(embedding))
    #expect(try NamePatterns(patterns: ["model.embed"]).match(embedding))
    #expect(try !NamePatterns(patterns: ["embed_tokens"]).match(embedding))
    #expect(try !NamePatterns(patterns: [".*token_embedding.*"]).match("lm_head.weight"))
    #expect(try !NamePatterns(patterns: []).match(embedding))
    let norms = try NamePatterns(patterns: [#".*(layernorm|layer_norm)\."#])
    #expect(norms.match("model.layers.3.input_layernorm.weight"))
    #expect(norms.match("model.norm.weight"))
    #expect(!norms.match("model.layers.3.mlp.up_proj.weight"))
    #expect(throws: (any Error).self) { try NamePatterns(patterns: ["(a"]) }
  }

  @Test(arguments: [
    ("model.embed_tokens.weight", "model.token_position_embeddings.pp_block.token_embedding.weight"),
    ("model.layers.11.self_attn.k_proj.weight", "model.decoder.11.pp_block.attn.qkv_proj.weight"),
    ("model.layers.0.self_attn.o_proj.weight", "model.decoder.0.pp_block.attn.o_proj.weight"),
    ("model.layers.0.mlp.gate_proj.weight", "model.decoder.0.pp_block.mlp.gate_up_proj.weight"),
    ("model.layers.0.mlp.down_proj.weight", "model.decoder.0.pp_block.mlp.down_proj.weight"),
    ("model.norm.weight", "model.final_layer_norm.pp_block.weight"),
    ("lm_head.weight", "model.lm_head.pp_block.weight"),
    ("model.layers.2.self_attn.q_proj.bias", "model.decoder.2.pp_block.attn.qkv_proj.bias"),
    ("transformer.wte.weight", "model.token_position_embeddings.pp_block.token_embedding.weight"),
    ("transformer.h.3.attn.c_attn.weight", "model.decoder.3.pp_block.attn.qkv_proj.weight"),
    ("transformer.h.3.ln_2.bias", "model.decoder.3.pp_block.post_attention_layernorm.bias"),
    ("transformer.ln_f.weight", "model.final_layer_norm.pp_block.weight"),
    ("transformer.h.3.ln_2", nil),
    ("model.h.3.ln_2.weight", nil),
    ("model.layers.x.mlp.down_proj.weight", nil),
    ("model.layers.0.mlp.other.weight", nil),
  ] as [(String, String?)])
  func aliases(name: String, alias: String?) {
    #expect(nanotronName(forHuggingFaceName: name) == alias)
  }
}
