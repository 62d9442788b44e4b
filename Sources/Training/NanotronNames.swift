/// The name that nanotron gives the parameter with this Hugging Face name, or `nil` for a name it has no like of.
///
/// nanotron fuses `q_proj`, `k_proj`, `v_proj` into `qkv_proj` and `gate_proj`, `up_proj` into `gate_up_proj`, so
/// several names share one alias.
public func nanotronName(forHuggingFaceName name: String) -> String? {
  switch name {
  case "model.embed_tokens.weight": return "model.token_position_embeddings.pp_block.token_embedding.weight"
  case "model.norm.weight": return "model.final_layer_norm.pp_block.weight"
  case "lm_head.weight": return "model.lm_head.pp_block.weight"
  default: break
  }
  let parts = name.split(separator: ".", omittingEmptySubsequences: false)
  guard parts.count >= 5, parts[0] == "model", parts[1] == "layers", let layer = Int(parts[2]), layer >= 0 else {
    return nil
  }
  let block = "model.decoder.\(layer).pp_block."
  switch parts[3...].joined(separator: ".") {
  case "self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight":
    return block + "attn.qkv_proj.weight"
  case "self_attn.o_proj.weight": return block + "attn.o_proj.weight"
  case "self_attn.q_norm.weight": return block + "attn.q_norm.weight"
  case "self_attn.k_norm.weight": return block + "attn.k_norm.weight"
  case "mlp.gate_proj.weight", "mlp.up_proj.weight": return block + "mlp.gate_up_proj.weight"
  case "mlp.down_proj.weight": return block + "mlp.down_proj.weight"
  case "input_layernorm.weight": return block + "input_layernorm.weight"
  case "post_attention_layernorm.weight": return block + "post_attention_layernorm.weight"
  default: return nil
  }
}
