import Formats
import Models
import Testing

/// What authors published as `config.json`, less keys that say nothing of the model, reads as the preset.
@Suite struct PublishedConfigurationTests {
  private static let moonlight = """
    {"architectures": ["DeepseekV3ForCausalLM"], "attention_bias": false, "aux_loss_alpha": 0.001,
     "bos_token_id": 163584, "eos_token_id": 163585, "ep_size": 1, "first_k_dense_replace": 1, "hidden_act": "silu",
     "hidden_size": 2048, "initializer_range": 0.02, "intermediate_size": 11264, "kv_lora_rank": 512,
     "max_position_embeddings": 8192, "model_type": "deepseek_v3", "moe_intermediate_size": 1408, "moe_layer_freq": 1,
     "n_group": 1, "n_routed_experts": 64, "n_shared_experts": 2, "norm_topk_prob": true, "num_attention_heads": 16,
     "num_experts_per_tok": 6, "num_hidden_layers": 27, "num_key_value_heads": 16, "num_nextn_predict_layers": 0,
     "pretraining_tp": 1, "q_lora_rank": null, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "rms_norm_eps": 1e-05,
     "rope_theta": 50000.0, "routed_scaling_factor": 2.446, "scoring_func": "sigmoid", "seq_aux": true,
     "tie_word_embeddings": false, "topk_group": 1, "topk_method": "noaux_tc", "v_head_dim": 128, "vocab_size": 163840}
    """
  private static let kimi = """
    {"architectures": ["DeepseekV3ForCausalLM"], "attention_bias": false, "aux_loss_alpha": 0.001,
     "bos_token_id": 163584, "eos_token_id": 163585, "first_k_dense_replace": 1, "hidden_act": "silu",
     "hidden_size": 7168, "initializer_range": 0.02, "intermediate_size": 18432, "kv_lora_rank": 512,
     "max_position_embeddings": 131072, "model_type": "kimi_k2", "moe_intermediate_size": 2048, "moe_layer_freq": 1,
     "n_group": 1, "n_routed_experts": 384, "n_shared_experts": 1, "norm_topk_prob": true, "num_attention_heads": 64,
     "num_experts_per_tok": 8, "num_hidden_layers": 61, "num_key_value_heads": 64, "num_nextn_predict_layers": 0,
     "q_lora_rank": 1536, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "rms_norm_eps": 1e-06,
     "rope_scaling": {"beta_fast": 1.0, "beta_slow": 1.0, "factor": 32.0, "mscale": 1.0, "mscale_all_dim": 1.0,
      "original_max_position_embeddings": 4096, "type": "yarn"}, "rope_theta": 50000.0,
     "routed_scaling_factor": 2.827, "scoring_func": "sigmoid", "seq_aux": true, "tie_word_embeddings": false,
     "topk_group": 1, "topk_method": "noaux_tc", "v_head_dim": 128, "vocab_size": 163840}
    """
  private static let deepSeek = """
    {"architectures": ["DeepseekV3ForCausalLM"], "attention_bias": false, "bos_token_id": 0, "eos_token_id": 1,
     "first_k_dense_replace": 3, "hidden_act": "silu", "hidden_size": 7168, "initializer_range": 0.02,
     "intermediate_size": 18432, "kv_lora_rank": 512, "max_position_embeddings": 163840, "model_type": "deepseek_v3",
     "moe_intermediate_size": 2048, "moe_layer_freq": 1, "n_group": 8, "n_routed_experts": 256, "n_shared_experts": 1,
     "norm_topk_prob": true, "num_attention_heads": 128, "num_experts_per_tok": 8, "num_hidden_layers": 61,
     "num_key_value_heads": 128, "num_nextn_predict_layers": 1, "q_lora_rank": 1536, "qk_nope_head_dim": 128,
     "qk_rope_head_dim": 64, "rms_norm_eps": 1e-06,
     "rope_scaling": {"beta_fast": 32, "beta_slow": 1, "factor": 40, "mscale": 1.0, "mscale_all_dim": 1.0,
      "original_max_position_embeddings": 4096, "type": "yarn"}, "rope_theta": 10000, "routed_scaling_factor": 2.5,
     "scoring_func": "sigmoid", "tie_word_embeddings": false, "topk_group": 4, "topk_method": "noaux_tc",
     "v_head_dim": 128, "vocab_size": 129280}
    """
  private static let gptOSS = """
    {"architectures": ["GptOssForCausalLM"], "attention_bias": true, "eos_token_id": 200002, "experts_per_token": 4,
     "head_dim": 64, "hidden_act": "silu", "hidden_size": 2880, "initial_context_length": 4096,
     "initializer_range": 0.02, "intermediate_size": 2880, "max_position_embeddings": 131072, "model_type": "gpt_oss",
     "num_attention_heads": 64, "num_experts_per_tok": 4, "num_hidden_layers": 24, "num_key_value_heads": 8,
     "num_local_experts": 32, "output_router_logits": false, "pad_token_id": 199999, "rms_norm_eps": 1e-05,
     "rope_scaling": {"beta_fast": 32.0, "beta_slow": 1.0, "factor": 32.0, "original_max_position_embeddings": 4096,
      "rope_type": "yarn", "truncate": false}, "rope_theta": 150000, "router_aux_loss_coef": 0.9,
     "sliding_window": 128, "swiglu_limit": 7.0, "tie_word_embeddings": false, "vocab_size": 201088}
    """

  private func read(_ text: String) throws -> ModelConfiguration {
    try ModelConfiguration(huggingFace: JSON.parse(text), file: "config.json")
  }

  @Test(arguments: [
    ("moonlight-16b-a3b", moonlight), ("kimi-k2", kimi), ("deepseek-v3", deepSeek), ("gpt-oss-20b", gptOSS),
  ])
  func readsAsThePreset(_ name: String, _ text: String) throws {
    #expect(try read(text) == Preset(named: name).configuration)
  }

  @Test(arguments: [
    (moonlight, #""scoring_func": "sigmoid""#, #""scoring_func": "softmax""#, "\"softmax\" is not supported"),
    (moonlight, #""topk_method": "noaux_tc""#, #""topk_method": "greedy""#, "topk_method: \"greedy\" is not supported"),
    (moonlight, #""moe_layer_freq": 1"#, #""moe_layer_freq": 2"#, "moe_layer_freq: only 1 is supported"),
    (moonlight, #""first_k_dense_replace": 1"#, #""first_k_dense_replace": 28"#, "28 is not a whole number from 0"),
    (moonlight, #""num_key_value_heads": 16"#, #""num_key_value_heads": 8"#, "num_key_value_heads: 8 is not the 16"),
    (moonlight, #""qk_rope_head_dim": 64"#, #""qk_rope_head_dim": 63"#, "qk_rope_head_dim: 63 is odd"),
    (moonlight, #""attention_bias": false"#, #""attention_bias": true"#, "latent attention without q_lora_rank"),
    (deepSeek, #""topk_group": 4"#, #""topk_group": 9"#, "topk_group: 9 exceeds n_group 8"),
    (gptOSS, #""swiglu_limit": 7.0"#, #""swiglu_limit": 10.0"#, "swiglu_limit: only 7"),
    (gptOSS, #""hidden_act": "silu""#, #""hidden_act": "gelu""#, "\"gelu\" is not supported"),
    (gptOSS, #""num_key_value_heads": 8"#, #""num_key_value_heads": 7"#, "7 does not divide"),
    (gptOSS, #""pad_token_id": 199999"#, #""quantization_config": {"quant_method": "awq"}"#, "quantised checkpoints"),
    (deepSeek, #""bos_token_id": 0"#, #""quantization_config": {"quant_method": "fp8"}"#, "quantised checkpoints"),
  ])
  func otherwiseRefused(_ text: String, _ part: String, _ other: String, _ problem: String) {
    #expect(text.contains(part))
    let error = #expect(throws: HuggingFaceConfigurationError.self) { try read(text.replacing(part, with: other)) }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
  }

  /// The three dense layers of a file that does not count them may be more than it has.
  @Test func allOfFewLayersAreDense() throws {
    let key = #""first_k_dense_replace": 3, "#
    let text = Self.deepSeek.replacing(#""num_hidden_layers": 61"#, with: #""num_hidden_layers": 2"#)
    #expect(text.contains(key) && text != Self.deepSeek)
    let few = try read(text.replacing(key, with: ""))
    #expect(try few == read(text.replacing(key, with: #""first_k_dense_replace": 2, "#)))
    #expect(try few == read(few.huggingFaceJSON().serializedString()))
  }

  /// Layers with and without a window, no window, frequencies that are not stretched, and one layer.
  @Test func variantsOfGPTOSSSurviveWritingAndReading() throws {
    for (part, other) in [
      (#""sliding_window": 128"#, #""sliding_window": null"#),
      (#""num_hidden_layers": 24"#, #""num_hidden_layers": 1"#),
      (#""attention_bias": true"#, #""attention_bias": false"#),
      (#""rope_theta": 150000"#, #""rope_parameters": {"rope_type": "default", "rope_theta": 2000}"#),
    ] {
      let model = try read(Self.gptOSS.replacing(part, with: other))
      #expect(try model != read(Self.gptOSS))
      // transformers takes no whole number here.
      #expect(model.huggingFaceJSON().serializedString().contains("\"swiglu_limit\":7.0"))
      #expect(try read(model.huggingFaceJSON().serializedString()) == model, "\(other)")
    }
  }
}
