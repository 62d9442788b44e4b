import Formats
import OrderedCollections
import Tensors

extension ModelConfiguration.Family {
  /// DeepSeek-V3 (arXiv:2412.19437), Moonlight (arXiv:2502.16982) and Kimi K2 (arXiv:2507.20534): attention through
  /// latents, many small experts that a bias balances, some for all tokens.
  public static let deepseekV3 = Self(DeepSeekV3Family.self)
}

enum DeepSeekV3Family: ModelFamily {
  static let modelTypes = ["deepseek_v3", "kimi_k2"]
  static let architecture = "DeepseekV3ForCausalLM"
  static let standards = HuggingFaceStandards(contextLength: 4096)
  /// How fast the balancing bias moves (section 4.2 of the paper); `config.json` says it where it is another.
  static let biasUpdateSpeed = 0.001

  static func prepare(_ c: inout ModelConfiguration) { c.ropeInterleaved = true }

  static func read(_ reader: HuggingFaceConfigurationReader, into c: inout ModelConfiguration) throws {
    try reader.checkActivation(c.activation.huggingFaceName)
    let groups = try reader.size("num_key_value_heads", missing: c.headCount)
    guard groups == c.headCount else {
      throw reader.error("num_key_value_heads", "\(groups) is not the \(c.headCount) of num_attention_heads")
    }
    try reader.readRope(into: &c)
    c.ropeInterleaved = try reader.flag("rope_interleave", missing: true)
    try reader.readBiases(into: &c)
    let attention = try reader.latentAttention()
    c.headDimension = attention.turnedWidth
    c.mixers = LayerPattern([attention])
    let kind = try reader.balancedExperts()
    let dense = try reader.count("first_k_dense_replace", limit: c.layerCount, missing: min(3, c.layerCount))
    guard try reader.size("moe_layer_freq", missing: 1) == 1 else {
      throw reader.error("moe_layer_freq", "only 1 is supported: every layer after the dense ones has experts")
    }
    c.feedForwards = try reader.layers(
      of: kind, in: Array(dense..<c.layerCount), of: c.layerCount, missingCoefficient: 0)
  }

  static func members(_ c: ModelConfiguration) -> OrderedDictionary<String, JSON> {
    var members = c.ropeMembers
    members["attention_bias"] = .bool(c.queryKeyValueBias)
    members["attention_dropout"] = .number(0)
    members["num_key_value_heads"] = .integer(Int64(c.headCount))
    members["rope_interleave"] = .bool(c.ropeInterleaved)
    if let attention = c.mixer(layer: 0) as? LatentAttention {
      members.merge(attention.settings.sorted { $0.key < $1.key }) { _, own in own }
      if attention.queryRank == nil { members["q_lora_rank"] = .null }
    }
    members.merge(c.expertMembers(count: "n_routed_experts", width: "moe_intermediate_size")) { _, own in own }
    let layers = c.expertLayers
    members["first_k_dense_replace"] = .integer(Int64(layers.first?.layer ?? c.layerCount))
    guard let kind = layers.first?.kind else { return members }
    let router = kind.router
    let sizes = [
      "n_group": router.groups, "topk_group": router.chosenGroups, "moe_layer_freq": 1,
      "n_shared_experts": (kind.sharedWidth ?? 0) / kind.width,
    ]
    for (key, size) in sizes { members[key] = .integer(Int64(size)) }
    members["norm_topk_prob"] = .bool(router.normalizesWeights)
    members["routed_scaling_factor"] = .number(Double("\(router.scale)") ?? Double(router.scale))
    members["scoring_func"] = .string("sigmoid")
    members["topk_method"] = .string("noaux_tc")
    if kind.balance.auxiliaryLoss == 0 { members["router_aux_loss_coef"] = nil }
    if let speed = kind.biasUpdateSpeed, speed != biasUpdateSpeed { members["bias_update_speed"] = .number(speed) }
    return members
  }

  static let presets: [Preset] = [
    preset(
      "moonlight-16b-a3b", "Moonlight, a DeepSeek-V3 trained with Muon (arXiv:2502.16982)", vocabulary: 163_840,
      width: 2048, feedForward: 11_264, layers: 27, heads: 16, context: 8192, theta: 5e4, scaling: nil, epsilon: 1e-5,
      queryRank: nil, dense: 1, expertWidth: 1408, shared: 2,
      RouterSpecification(experts: 64, chosen: 6, scores: .sigmoid, normalizesWeights: true, scale: 2.446),
      begin: 163_584, end: 163_585),
    preset(
      "deepseek-v3", "DeepSeek-V3 (arXiv:2412.19437)", vocabulary: 129_280, width: 7168, feedForward: 18_432,
      layers: 61, heads: 128, context: 163_840, theta: 1e4, scaling: yarn(factor: 40), epsilon: 1e-6, queryRank: 1536,
      dense: 3, expertWidth: 2048, shared: 1,
      RouterSpecification(
        experts: 256, chosen: 8, scores: .sigmoid, normalizesWeights: true, scale: 2.5, groups: 8, chosenGroups: 4),
      begin: 0, end: 1),
    preset(
      "kimi-k2", "Kimi K2, a DeepSeek-V3 of more experts and fewer heads (arXiv:2507.20534)", vocabulary: 163_840,
      width: 7168, feedForward: 18_432, layers: 61, heads: 64, context: 131_072, theta: 5e4,
      scaling: yarn(factor: 32, betaFast: 1), epsilon: 1e-6, queryRank: 1536, dense: 1, expertWidth: 2048, shared: 1,
      RouterSpecification(experts: 384, chosen: 8, scores: .sigmoid, normalizesWeights: true, scale: 2.827),
      begin: 163_584, end: 163_585),
  ]

  private static func yarn(factor: Double, betaFast: Double = 32) -> ModelConfiguration.RopeScaling {
    var yarn = YaRN(factor: factor, originalContextLength: 4096)
    yarn.betaFast = betaFast
    (yarn.mscale, yarn.mscaleAllDimensions) = (1, 1)
    return .yarn(yarn)
  }

  private static func preset(
    _ name: String, _ summary: String, vocabulary: Int, width: Int, feedForward: Int, layers: Int, heads: Int,
    context: Int, theta: Double, scaling: ModelConfiguration.RopeScaling?, epsilon: Double, queryRank: Int?, dense: Int,
    expertWidth: Int, shared: Int, _ router: RouterSpecification, begin: Int, end: Int
  ) -> Preset {
    var c = ModelConfiguration(
      family: .deepseekV3, vocabularySize: vocabulary, hiddenSize: width, intermediateSize: feedForward,
      layerCount: layers, headCount: heads, headDimension: 64, contextLength: context, ropeTheta: theta,
      ropeScaling: scaling, normEpsilon: epsilon, beginOfTextToken: begin, endOfTextToken: end)
    c.mixers = LayerPattern([
      LatentAttention(queryRank: queryRank, latentRank: 512, plainWidth: 128, turnedWidth: 64, valueWidth: 128)
    ])
    var kind = ExpertsFeedForward(router, width: expertWidth)
    kind.sharedWidth = shared * expertWidth
    kind.biasUpdateSpeed = biasUpdateSpeed
    c.feedForwards = LayerPattern(
      [any FeedForwardKind](repeating: DenseFeedForward(), count: dense)
        + [any FeedForwardKind](repeating: kind, count: layers - dense))
    return Preset(name, summary, c)
  }
}

extension HuggingFaceConfigurationReader {
  fileprivate func latentAttention() throws -> LatentAttention {
    func width(_ key: String, missing: Int) throws -> Int { try size(key, limit: 65_536, missing: missing) }
    // transformers takes a rank of 1536 for a key that is not there, and no latent for null.
    let hasQueryLatent = json["q_lora_rank"]?.isNull != true
    let attention = LatentAttention(
      queryRank: hasQueryLatent ? try width("q_lora_rank", missing: 1536) : nil,
      latentRank: try width("kv_lora_rank", missing: 512), plainWidth: try width("qk_nope_head_dim", missing: 128),
      turnedWidth: try width("qk_rope_head_dim", missing: 64), valueWidth: try width("v_head_dim", missing: 128))
    guard attention.turnedWidth % 2 == 0 else {
      throw error("qk_rope_head_dim", "\(attention.turnedWidth) is odd; rotary embeddings need pairs")
    }
    return attention
  }

  /// Experts compared by their sigmoids and a bias.
  fileprivate func balancedExperts() throws -> ExpertsFeedForward {
    for (key, only) in [("scoring_func", "sigmoid"), ("topk_method", "noaux_tc")] {
      if let given = value(key), given.stringValue != only {
        throw error(key, "\(shown(given)) is not supported; experts are chosen by \(only)")
      }
    }
    var kind = ExpertsFeedForward(
      RouterSpecification(
        experts: try size("n_routed_experts", limit: 65_536, missing: 256),
        chosen: try size("num_experts_per_tok", limit: 65_536, missing: 8), scores: .sigmoid,
        normalizesWeights: try flag("norm_topk_prob", missing: true),
        scale: Float(try positive("routed_scaling_factor", missing: 2.5)),
        groups: try size("n_group", limit: 65_536, missing: 8),
        chosenGroups: try size("topk_group", limit: 65_536, missing: 4)),
      width: try size("moe_intermediate_size", missing: 2048))
    kind.sharedWidth = kind.width * (try size("n_shared_experts", limit: 65_536, missing: 1))
    kind.biasUpdateSpeed = try nonNegative("bias_update_speed", missing: DeepSeekV3Family.biasUpdateSpeed)
    return kind
  }
}
