/// What the tensors of a Hugging Face checkpoint are called in a GGUF file, and what is done to their values there.
///
/// Names: llama.cpp, `gguf-py/gguf/tensor_mapping.py`; changes: its `convert_hf_to_gguf.py`.
struct GGUFNames: Sendable {
  /// One tensor in a GGUF file.
  struct Place: Sendable, Equatable {
    var name: String
    var layout: GGUFLayout
  }

  private let configuration: ModelConfiguration
  private let family: ModelConfiguration.Family

  init(_ configuration: ModelConfiguration) {
    self.configuration = configuration
    family = configuration.family
  }

  /// Where the tensor of that Hugging Face name stands; nil for a name that no family has.
  func place(of name: String) -> Place? {
    guard let dot = name.lastIndex(of: ".") else { return nil }
    let kind = String(name[dot...])
    let stem = String(name[..<dot])
    guard kind == ".weight" || kind == ".bias" else { return nil }
    if let known = GGUFNames.outside[stem] { return Place(name: known + kind, layout: layout(of: stem)) }
    let parts = stem.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4, parts[1] == (family == .gpt2 ? "h" : "layers"), let layer = Int(parts[2]),
      let known = inside(String(parts[3]))
    else { return nil }
    return Place(name: "blk.\(layer).\(known)\(kind)", layout: layout(of: stem))
  }

  private static let outside = [
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "transformer.wte": "token_embd", "transformer.wpe": "position_embd", "transformer.ln_f": "output_norm",
  ]

  private static let projections = [
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm", "post_feedforward_layernorm": "post_ffw_norm",
    "pre_feedforward_layernorm": "ffn_norm", "ln_1": "attn_norm", "ln_2": "ffn_norm", "attn.c_attn": "attn_qkv",
    "attn.c_proj": "attn_output", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
  ]

  /// Tensors of a block by what their names end in.
  private func inside(_ stem: String) -> String? {
    // This one is the norm before the feed-forward layer where no norm follows attention.
    if stem == "post_attention_layernorm" {
      return configuration.normPlacement == .before ? "ffn_norm" : "post_attention_norm"
    }
    return GGUFNames.projections[stem]
  }

  private func layout(of stem: String) -> GGUFLayout {
    if configuration.norm == .rmsOnePlus, stem.hasSuffix("norm") { return .plusOne }
    if family.kind.hasRotaryPairsInGGUF {
      if stem.hasSuffix(".q_proj") { return .rotaryPairs(heads: configuration.headCount) }
      if stem.hasSuffix(".k_proj") { return .rotaryPairs(heads: configuration.keyValueHeadCount) }
    }
    // What GPT-2's own checkpoints hold transposed is as llama.cpp wants it here.
    return .same
  }
}

extension ModelConfiguration.Family {
  /// The family of that name in GGUF files.
  static func named(gguf name: String) -> Self? { allCases.first { $0.kind.gguf == name } }
}
