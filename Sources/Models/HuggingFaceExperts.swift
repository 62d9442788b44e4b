import Formats
import Foundation
import OrderedCollections
import Tensors

/// Mixtures of experts in `config.json`.
extension HuggingFaceConfigurationReader {
  /// The feed-forward layers of a family with experts, by layer.
  ///
  /// `router_aux_loss_coef` is a factor of one loss over the tokens of all layers, with an expert's choices counted per
  /// token; here it becomes the factor of the sum over the layers whose gradient is as large.
  func experts(_ family: ModelConfiguration.Family, layers: Int) throws -> LayerPattern<any FeedForwardKind> {
    let isMixtral = family == .mixtral
    // transformers calls the number of experts by either name.
    let number = isMixtral || value("num_local_experts") != nil ? "num_local_experts" : "num_experts"
    let experts = try size(number, limit: 65_536, missing: isMixtral ? 8 : 128)
    let chosen = try size("num_experts_per_tok", limit: 65_536, missing: isMixtral ? 2 : 8)
    var kind = ExpertsFeedForward(
      RouterSpecification(
        experts: experts, chosen: chosen,
        normalizesWeights: try isMixtral || flag("norm_topk_prob", missing: false)),
      width: isMixtral
        ? try size("intermediate_size", missing: 14_336) : try size("moe_intermediate_size", missing: 768))
    let step = isMixtral ? 1 : try size("decoder_sparse_step", limit: 100_000, missing: 1)
    let dense = isMixtral ? [] : try denseLayers(layers)
    let sparse = (0..<layers).filter { ($0 + 1) % step == 0 && !dense.contains($0) }
    let coefficient = try nonNegative("router_aux_loss_coef", missing: 0.001)
    kind.balance.auxiliaryLoss = coefficient * Double(chosen) / Double(max(sparse.count, 1))
    if sparse.count == layers { return LayerPattern([kind]) }
    var kinds = [any FeedForwardKind](repeating: DenseFeedForward(), count: layers)
    for layer in sparse { kinds[layer] = kind }
    return LayerPattern(kinds)
  }

  private func denseLayers(_ layers: Int) throws -> Set<Int> {
    guard let given = value("mlp_only_layers") else { return [] }
    let list = given.arrayValue?.map { $0.intValue ?? -1 } ?? [-1]
    guard list.allSatisfy({ 0..<layers ~= $0 }) else {
      throw error("mlp_only_layers", "it must be a list of layers from 0 to \(layers - 1)")
    }
    return Set(list)
  }

  private func nonNegative(_ key: String, missing: Double) throws -> Double {
    guard let given = value(key) else { return missing }
    guard let number = given.doubleValue, number.isFinite, number >= 0 else {
      throw error(key, "\(shown(given)) is not a number of 0 or more")
    }
    return number
  }
}

extension ModelConfiguration {
  /// What the `config.json` of a family with experts says of them.
  var expertMembers: OrderedDictionary<String, JSON> {
    let kinds = (0..<layerCount).map { feedForward(layer: $0) as? ExpertsFeedForward }
    let sparse = kinds.compactMap { $0 }
    guard let kind = sparse.first else { return [:] }
    let coefficient = kind.balance.auxiliaryLoss * Double(sparse.count) / Double(kind.router.chosen)
    var members: OrderedDictionary<String, JSON> = [
      "num_experts_per_tok": .integer(Int64(kind.router.chosen)), "output_router_logits": .bool(false),
      // The quotient as it was given, without what multiplying and dividing added.
      "router_aux_loss_coef": .number(Double(String(format: "%.12g", coefficient)) ?? coefficient),
    ]
    if family == .mixtral {
      members["num_local_experts"] = .integer(Int64(kind.router.experts))
      members["intermediate_size"] = .integer(Int64(kind.width))
    } else {
      members["num_experts"] = .integer(Int64(kind.router.experts))
      members["moe_intermediate_size"] = .integer(Int64(kind.width))
      members["norm_topk_prob"] = .bool(kind.router.normalizesWeights)
      members["decoder_sparse_step"] = .integer(1)
      members["mlp_only_layers"] = .array(
        kinds.indices.filter { kinds[$0] == nil }.map { .integer(Int64($0)) })
    }
    return members
  }
}
