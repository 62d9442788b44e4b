import Formats
import OrderedCollections
import Tensors

extension ModelConfiguration.Family {
  /// Qwen3-Next: gated delta nets, attention with output gates in every fourth layer, many small experts.
  public static let qwen3Next = Self(Qwen3NextFamily.self)
}

enum Qwen3NextFamily: ModelFamily {
  static let modelTypes = ["qwen3_next"]
  static let architecture = "Qwen3NextForCausalLM"
  static let standards = HuggingFaceStandards(
    intermediate: 5632, keyValueHeads: 2, headDimension: 256, contextLength: 32_768, ropeShare: 0.25)

  static func prepare(_ c: inout ModelConfiguration) {
    c.norm = .rmsOnePlus
    c.queryKeyNorm = .head
    c.ropeShare = 0.25
  }

  /// Attention in the layers marked so, gated delta nets in the others.
  private static func mixers(_ linear: GatedDeltaNet, isFull: [Bool]) -> LayerPattern<any MixerKind> {
    var full = SoftmaxAttention()
    full.outputGate = true
    return LayerPattern(byLayer: isFull.map { $0 ? full as any MixerKind : linear })
  }

  static func read(_ reader: HuggingFaceConfigurationReader, into c: inout ModelConfiguration) throws {
    try reader.readAttention(into: &c)
    func size(_ key: String, _ missing: Int) throws -> Int {
      try reader.size("linear_\(key)", limit: 4096, missing: missing)
    }
    var heads = HeadSettings()
    (heads.heads, heads.keyHeads) = (try size("num_value_heads", 32), try size("num_key_heads", 16))
    (heads.keyDimension, heads.valueDimension) = (try size("key_head_dim", 128), try size("value_head_dim", 128))
    let taps = try reader.size("linear_conv_kernel_dim", limit: 64, missing: 4)
    guard taps > 1 else { throw reader.error("linear_conv_kernel_dim", "1 is no convolution; it must be 2 or more") }
    let interval = try reader.size("full_attention_interval", limit: 100_000, missing: 4)
    let types = try reader.layerTypes(["linear_attention", "full_attention"], layers: c.layerCount)
    c.mixers = mixers(
      GatedDeltaNet(heads, taps: taps),
      isFull: types?.map { $0 == "full_attention" } ?? (1...c.layerCount).map { $0 % interval == 0 })
    var kind = try reader.qwenExperts(count: 512, chosen: 10, width: 512, normalizesWeights: true)
    kind.sharedWidth = try reader.size("shared_expert_intermediate_size", missing: 512)
    kind.sharedGate = true
    c.feedForwards = try reader.qwenLayers(of: kind, of: c.layerCount)
  }

  static func members(_ c: ModelConfiguration) -> OrderedDictionary<String, JSON> {
    var members = c.attentionMembers
    members.merge(c.qwenExpertMembers) { _, own in own }
    let kinds = (0..<c.layerCount).map { c.mixer(layer: $0) as? GatedDeltaNet }
    members["layer_types"] = .array(kinds.map { .string($0 == nil ? "full_attention" : "linear_attention") })
    if let linear = kinds.compactMap({ $0 }).first {
      let heads = linear.sizes.sizes(c)
      members["linear_num_value_heads"] = .integer(Int64(heads.count))
      members["linear_num_key_heads"] = .integer(Int64(heads.keyHeads))
      members["linear_key_head_dim"] = .integer(Int64(heads.keyDimension))
      members["linear_value_head_dim"] = .integer(Int64(heads.valueDimension))
      members["linear_conv_kernel_dim"] = .integer(Int64(linear.taps))
    }
    if let width = c.expertLayers.first?.kind.sharedWidth {
      members["shared_expert_intermediate_size"] = .integer(Int64(width))
    }
    return members
  }

  static let presets: [Preset] = [
    Preset(
      "qwen3-next-80b-a3b", "Qwen3-Next, three gated delta nets, then attention; 10 of 512 experts a token", published)
  ]

  private static var published: ModelConfiguration {
    var c = ModelConfiguration(
      family: .qwen3Next, vocabularySize: 151_936, hiddenSize: 2048, intermediateSize: 5120, layerCount: 48,
      headCount: 16, keyValueHeadCount: 2, headDimension: 256, contextLength: 262_144, ropeTheta: 1e7,
      beginOfTextToken: 151_643, endOfTextToken: 151_645)
    var heads = HeadSettings()
    (heads.heads, heads.keyHeads, heads.keyDimension, heads.valueDimension) = (32, 16, 128, 128)
    c.mixers = mixers(GatedDeltaNet(heads, taps: 4), isFull: (1...48).map { $0 % 4 == 0 })
    var kind = ExpertsFeedForward(
      RouterSpecification(experts: 512, chosen: 10, normalizesWeights: true), width: 512)
    (kind.sharedWidth, kind.sharedGate) = (512, true)
    c.feedForwards = LayerPattern([kind.balanced(by: 0.001, layers: 48)])
    return c
  }
}
