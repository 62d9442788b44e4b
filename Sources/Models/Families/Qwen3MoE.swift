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
    // transformers calls the number of experts by either name.
    let number = reader.value("num_local_experts") != nil ? "num_local_experts" : "num_experts"
    let kind = ExpertsFeedForward(
      RouterSpecification(
        experts: try reader.size(number, limit: 65_536, missing: 128),
        chosen: try reader.size("num_experts_per_tok", limit: 65_536, missing: 8),
        normalizesWeights: try reader.flag("norm_topk_prob", missing: false)),
      width: try reader.size("moe_intermediate_size", missing: 768))
    let step = try reader.size("decoder_sparse_step", limit: 100_000, missing: 1)
    let dense = try reader.denseLayers(c.layerCount)
    let sparse = (0..<c.layerCount).filter { ($0 + 1) % step == 0 && !dense.contains($0) }
    c.feedForwards = try reader.layers(of: kind, in: sparse, of: c.layerCount)
  }

  static func members(_ c: ModelConfiguration) -> OrderedDictionary<String, JSON> {
    var members = c.attentionMembers
    members.merge(c.expertMembers) { _, own in own }
    let layers = c.expertLayers
    guard let kind = layers.first?.kind else { return members }
    members["num_experts"] = .integer(Int64(kind.router.experts))
    members["moe_intermediate_size"] = .integer(Int64(kind.width))
    members["norm_topk_prob"] = .bool(kind.router.normalizesWeights)
    members["decoder_sparse_step"] = .integer(1)
    let sparse = Set(layers.map(\.layer))
    members["mlp_only_layers"] = .array(
      (0..<c.layerCount).filter { !sparse.contains($0) }.map { .integer(Int64($0)) })
    return members
  }
}

extension HuggingFaceConfigurationReader {
  /// The layers that `mlp_only_layers` names.
  func denseLayers(_ layers: Int) throws -> Set<Int> {
    guard let given = value("mlp_only_layers") else { return [] }
    let list = given.arrayValue?.map { $0.intValue ?? -1 } ?? [-1]
    guard list.allSatisfy({ 0..<layers ~= $0 }) else {
      throw error("mlp_only_layers", "it must be a list of layers from 0 to \(layers - 1)")
    }
    return Set(list)
  }
}
