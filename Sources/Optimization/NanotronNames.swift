/// The name that nanotron gives the parameter with this Hugging Face name, or `nil` for a name it has no like of.
///
/// nanotron fuses `q_proj`, `k_proj`, `v_proj` into `qkv_proj` and `gate_proj`, `up_proj` into `gate_up_proj`, so
/// several names share one alias. Biases go by their weights' names, and GPT-2's parameters by those of their like.
public func nanotronName(forHuggingFaceName name: String) -> String? {
  switch name {
  case "model.embed_tokens.weight", "transformer.wte.weight": return "model.token_position_embeddings.pp_block.token_embedding.weight"
  case "transformer.wpe.weight": return "model.token_position_embeddings.pp_block.position_embedding.weight"
  case "model.norm.weight", "transformer.ln_f.weight": return "model.final_layer_norm.pp_block.weight"
  case "transformer.ln_f.bias": return "model.final_layer_norm.pp_block.bias"
  case "lm_head.weight": return "model.lm_head.pp_block.weight"
  default: break
  }
  let parts = name.split(separator: ".", omittingEmptySubsequences: false)
  guard parts.count >= 5, ["model.layers", "transformer.h"].contains(parts[0..<2].joined(separator: ".")),
    let layer = Int(parts[2]), layer >= 0, let last = parts.last, last == "weight" || last == "bias",
    let alias = nanotronLayers[parts[3..<parts.count - 1].joined(separator: ".")]
  else { return nil }
  return "model.decoder.\(layer).pp_block.\(alias).\(last)"
}

/// nanotron's names of what a block holds.
private let nanotronLayers = [
  "self_attn.q_proj": "attn.qkv_proj", "self_attn.k_proj": "attn.qkv_proj", "self_attn.v_proj": "attn.qkv_proj",
  "self_attn.o_proj": "attn.o_proj", "self_attn.q_norm": "attn.q_norm", "self_attn.k_norm": "attn.k_norm",
  "mlp.gate_proj": "mlp.gate_up_proj", "mlp.up_proj": "mlp.gate_up_proj", "mlp.down_proj": "mlp.down_proj",
  "input_layernorm": "input_layernorm", "post_attention_layernorm": "post_attention_layernorm",
  "attn.c_attn": "attn.qkv_proj", "attn.c_proj": "attn.o_proj", "mlp.c_proj": "mlp.down_proj",
  "ln_1": "input_layernorm", "ln_2": "post_attention_layernorm",
]
