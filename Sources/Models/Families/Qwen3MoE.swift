import Formats
import OrderedCollections
import Tensors

extension ModelConfiguration.Family {
  /// Qwen3 with experts (arXiv:2505.09388).
  public static let qwen3MoE = Self(Qwen3MoEFamily.self)
}

enum Qwen3MoEFamily: ModelFamily {
  static let modelTypes = ["qwen3_moe"]
  static let architecture = "Qwen3MoeForCausalLM"
  static let standards = HuggingFaceStandards(contextLength: 32_768)
  static let mayHaveWindow = true
  static let hasMaxWindowLayers = true

  static func prepare(_ c: inout ModelConfiguration) { c.queryKeyNorm = .head }

  static func read(_ reader: HuggingFaceConfigurationReader, into c: inout ModelConfiguration) throws {
    try reader.readAttention(into: &c)
    let kind = try reader.qwenExperts(count: 128, chosen: 8, width: 768, normalizesWeights: false)
    c.feedForwards = try reader.qwenLayers(of: kind, of: c.layerCount)
  }

  static func members(_ c: ModelConfiguration) -> OrderedDictionary<String, JSON> {
    c.attentionMembers.merging(c.qwenExpertMembers) { _, own in own }
  }

  static let presets: [Preset] = [
    preset("qwen3-30b-a3b", width: 2048, feedForward: 6144, layers: 48, heads: 32, expertWidth: 768),
    preset("qwen3-235b-a22b", width: 4096, feedForward: 12_288, layers: 94, heads: 64, expertWidth: 1536),
  ]

  private static func preset(
    _ name: String, width: Int, feedForward: Int, layers: Int, heads: Int, expertWidth: Int
  ) -> Preset {
    var c = ModelConfiguration(
      family: .qwen3MoE, vocabularySize: 151_936, hiddenSize: width, intermediateSize: feedForward, layerCount: layers,
      headCount: heads, keyValueHeadCount: 4, headDimension: 128, contextLength: 40_960, ropeTheta: 1e6,
      beginOfTextToken: 151_643, endOfTextToken: 151_645)
    let experts = ExpertsFeedForward(
      RouterSpecification(experts: 128, chosen: 8, normalizesWeights: true), width: expertWidth)
    c.feedForwards = LayerPattern([experts.balanced(by: 0.001, layers: layers)])
    return Preset(name, "Qwen3 with 128 experts (arXiv:2505.09388)", c)
  }
}

/// Experts as Qwen's families have them.
extension HuggingFaceConfigurationReader {
  /// The experts of a layer; what is left out is as given.
  func qwenExperts(count: Int, chosen: Int, width: Int, normalizesWeights: Bool) throws -> ExpertsFeedForward {
    // transformers calls the number of experts by either name.
    let number = value("num_local_experts") != nil ? "num_local_experts" : "num_experts"
    return ExpertsFeedForward(
      RouterSpecification(
        experts: try size(number, limit: 65_536, missing: count),
        chosen: try size("num_experts_per_tok", limit: 65_536, missing: chosen),
        normalizesWeights: try flag("norm_topk_prob", missing: normalizesWeights)),
      width: try size("moe_intermediate_size", missing: width))
  }

  /// Experts in the layers that have them.
  func qwenLayers(of kind: ExpertsFeedForward, of layers: Int) throws -> LayerPattern<any FeedForwardKind> {
    let step = try size("decoder_sparse_step", limit: 100_000, missing: 1)
    let dense = try self.layers("mlp_only_layers", of: layers) ?? []
    let sparse = (0..<layers).filter { ($0 + 1) % step == 0 && !dense.contains($0) }
    return try self.layers(of: kind, in: sparse, of: layers)
  }
}

extension ModelConfiguration {
  /// What ``HuggingFaceConfigurationReader/qwenLayers(of:of:)`` and the experts themselves are read from.
  var qwenExpertMembers: OrderedDictionary<String, JSON> {
    var members = expertMembers(count: "num_experts", width: "moe_intermediate_size")
    let layers = expertLayers
    guard let kind = layers.first?.kind else { return members }
    members["norm_topk_prob"] = .bool(kind.router.normalizesWeights)
    members["decoder_sparse_step"] = .integer(1)
    let sparse = Set(layers.map(\.layer))
    members["mlp_only_layers"] = .array((0..<layerCount).filter { !sparse.contains($0) }.map { .integer(Int64($0)) })
    return members
  }
}
