import Formats
import OrderedCollections

extension ModelConfiguration.Family {
  /// Zamba2 (arXiv:2411.15242): Mamba-2, before some layers of which stands a transformer block that they share.
  public static let zamba2 = Self(Zamba2Family.self)
}

enum Zamba2Family: ModelFamily {
  static let modelTypes = ["zamba2"]
  static let architecture = "Zamba2ForCausalLM"
  static let standards = HuggingFaceStandards(
    intermediateMultiple: 4, epsilon: 1e-5, contextLength: 4096, tiesEmbeddings: true)
  static let mayHaveAttentionBias = false
  static let names = ParameterNames(finalNorm: "model.final_layernorm")

  static func prepare(_ c: inout ModelConfiguration) {
    c.activation = .geGLUExact
    c.feedForwards = LayerPattern([NoFeedForward()])
  }

  static func block(_ at: String, _ c: ModelConfiguration) -> ParameterNames.Block {
    var names = ParameterNames.Block(at, norms: c.normPlacement)
    names.normBeforeFeedForward = "\(at).pre_ff_layernorm"
    names.feedForwardInputs = ["\(at).feed_forward.gate_up_proj"]
    names.feedForwardOutput = "\(at).feed_forward.down_proj"
    return names
  }

  static func read(_ reader: HuggingFaceConfigurationReader, into c: inout ModelConfiguration) throws {
    try reader.checkActivation(c.activation.huggingFaceName)
    for key in ["add_bias_linear", "use_long_context"] where try reader.flag(key, missing: false) {
      throw reader.error(key, "true is not supported; matrices have no biases, and rotary bases are as given")
    }
    guard c.normEpsilon == 1e-5 else {
      throw reader.error("rms_norm_eps", "\(c.normEpsilon) is not supported; all norms of this family have 1e-05")
    }
    guard 2 * c.hiddenSize % c.headCount == 0 else {
      throw reader.error("num_attention_heads", "\(c.headCount) does not divide twice hidden_size \(c.hiddenSize)")
    }
    c.headDimension = 2 * c.hiddenSize / c.headCount
    c.keyValueHeadCount = try reader.size("num_key_value_heads", limit: 1_000_000, missing: c.headCount)
    try reader.readRope(into: &c)
    var mamba = try reader.mamba2(
      heads: reader.size("n_mamba_heads", limit: 4096, missing: 8),
      width: reader.size("mamba_expand", limit: 64, missing: 2) * c.hiddenSize,
      stateSize: reader.size("mamba_d_state", limit: 4096, missing: 64), groups: ("mamba_ngroups", 1))
    mamba.smallestTimeStep = try reader.positive("time_step_min", missing: 0.001)
    var block = shared(mamba, rope: try reader.flag("use_mem_rope", missing: false))
    block.count = try reader.size("num_mem_blocks", limit: 1000, missing: 1)
    block.rank = try reader.size("adapter_rank", limit: 65_536, missing: 128)
    block.adaptsAttention = try reader.flag("use_shared_attention_adapter", missing: false)
    let types = reader.value("layers_block_type")?.arrayValue?.map { $0.stringValue ?? "" } ?? []
    guard types.count == c.layerCount, types.allSatisfy(["mamba", "linear_attention", "hybrid"].contains) else {
      throw reader.error("layers_block_type", "it must be a list of \(c.layerCount) times mamba or hybrid")
    }
    c.mixers = LayerPattern(types.map { type -> any MixerKind in type == "hybrid" ? block : mamba })
  }

  /// A shared block, whose scores are divided by the root of half a head's width.
  private static func shared(_ mamba: Mamba2, rope: Bool) -> SharedBlock {
    var block = SharedBlock(mamba)
    block.attention.rope = rope
    block.attention.scoreFactor = 2.0.squareRoot()
    return block
  }

  static func members(_ c: ModelConfiguration) -> OrderedDictionary<String, JSON> {
    var members = c.attentionMembers
    let blocks = (0..<c.layerCount).map { c.mixer(layer: $0) as? SharedBlock }
    members["layers_block_type"] = .array(blocks.map { $0 == nil ? "mamba" : "hybrid" })
    members["add_bias_linear"] = false
    if let block = blocks.lazy.compactMap({ $0 }).first {
      members["num_mem_blocks"] = JSON(block.count)
      members["adapter_rank"] = JSON(block.rank)
      members["use_shared_attention_adapter"] = .bool(block.adaptsAttention)
      members["use_mem_rope"] = .bool(block.attention.rope ?? true)
    }
    guard let mamba = (blocks[0]?.mixer.kind ?? c.mixer(layer: 0)) as? Mamba2 else { return members }
    members["n_mamba_heads"] = JSON(mamba.heads)
    members["mamba_headdim"] = JSON(mamba.dimension)
    members["mamba_expand"] = JSON(mamba.heads * mamba.dimension / c.hiddenSize)
    members["mamba_d_state"] = JSON(mamba.stateSize)
    members["mamba_ngroups"] = JSON(mamba.groups)
    members["mamba_d_conv"] = JSON(mamba.taps)
    members["time_step_min"] = .number(mamba.smallestTimeStep ?? 0)
    return members
  }

  static let presets: [Preset] = [
    preset(
      "zamba2-1.2b", width: 2048, layers: 38, sharing: Array(stride(from: 5, to: 36, by: 6)), stateSize: 128,
      blocks: 1, rope: true, adaptsAttention: true),
    preset(
      "zamba2-2.7b", width: 2560, layers: 54, sharing: [6, 12, 18, 24, 30, 36, 42, 47, 51], blocks: 2, rope: false),
    preset(
      "zamba2-7b", width: 3584, layers: 81, sharing: [6] + Array(stride(from: 11, to: 78, by: 6)), groups: 2,
      blocks: 2, rope: true),
  ]

  private static func preset(
    _ name: String, width: Int, layers: Int, sharing: [Int], stateSize: Int = 64, groups: Int = 1, blocks: Int,
    rope: Bool, adaptsAttention: Bool = false
  ) -> Preset {
    var c = ModelConfiguration(
      family: .zamba2, vocabularySize: 32_000, hiddenSize: width, intermediateSize: 4 * width, layerCount: layers,
      headCount: 32, headDimension: width / 16, contextLength: 4096, normEpsilon: 1e-5, tiedEmbeddings: true,
      beginOfTextToken: 1, endOfTextToken: 2)
    var mamba = Mamba2(heads: width / 32, stateSize: stateSize, groups: groups)
    mamba.smallestTimeStep = 0.001
    var block = shared(mamba, rope: rope)
    (block.count, block.adaptsAttention) = (blocks, adaptsAttention)
    c.mixers = LayerPattern((0..<layers).map { layer -> any MixerKind in sharing.contains(layer) ? block : mamba })
    return Preset(name, "Zamba2, Mamba-2 with shared transformer blocks (arXiv:2411.15242)", c)
  }
}
