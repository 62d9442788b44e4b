import Models
import Tensors

extension RunConfiguration {
  /// `model.model_config.moe_config`: nanotron's mixture of experts, as in Qwen2-MoE. Weights are a softmax over all
  /// experts, not divided by their sum.
  public struct MixtureShape: Sendable, Equatable {
    /// `num_experts`. Default 8.
    public var experts: Int
    /// `top_k`. Default 2.
    public var chosen: Int
    /// `moe_intermediate_size`. Default 1408.
    public var width: Int
    /// `shared_expert_intermediate_size` (5632) where `enable_shared_expert`; nil: none, the default.
    public var sharedWidth: Int?
    /// `layers`: those with experts. Default, and -1: all.
    public var layers: [Int]?

    init(_ node: ConfigurationNode, layerCount: Int, notes: inout ReadingNotes) throws(ConfigurationError) {
      let section = try notes.section(
        node, "model.model_config.moe_config",
        known: [
          "num_experts", "top_k", "moe_intermediate_size", "shared_expert_intermediate_size", "enable_shared_expert",
          "layers",
        ],
        // nanotron itself never reads the coefficient: `aux_loss_coef` of apus.architecture is the key with an effect.
        withoutEffect: ["router_aux_loss_coef": "0.01", "token_dispatcher_type": "alltoall"])
      let size = 1...RunConfiguration.largestSize
      experts = try section.integer("num_experts", in: 1...65_536) ?? 8
      chosen = try section.integer("top_k", in: 1...65_536) ?? 2
      width = try section.integer("moe_intermediate_size", in: size) ?? 1408
      guard chosen <= experts else { throw section.error("top_k", "\(chosen) exceeds num_experts \(experts)") }
      let shared = try section.integer("shared_expert_intermediate_size", in: size) ?? 5632
      sharedWidth = try section.bool("enable_shared_expert") ?? false ? shared : nil
      let numbers = try section.strings("layers")?.map { Int($0) ?? -2 }
      guard let numbers, numbers != [-1] else { return }
      guard numbers.allSatisfy({ 0..<layerCount ~= $0 }) else {
        throw section.error("layers", "it must list layers from 0 to \(layerCount - 1), or be [-1] for all")
      }
      layers = Set(numbers).sorted()
    }

    /// The feed-forward layers of a model of `layerCount` layers.
    func feedForwards(layerCount: Int) -> LayerPattern<any FeedForwardKind> {
      var kind = ExpertsFeedForward(RouterSpecification(experts: experts, chosen: chosen), width: width)
      kind.sharedWidth = sharedWidth
      kind.sharedGate = sharedWidth != nil
      guard let layers else { return LayerPattern([kind]) }
      var kinds = [any FeedForwardKind](repeating: DenseFeedForward(), count: layerCount)
      for layer in layers { kinds[layer] = kind }
      return LayerPattern(kinds)
    }

    var yaml: YAMLValue {
      .mapping([
        "num_experts": .int(experts), "top_k": .int(chosen), "moe_intermediate_size": .int(width),
        "enable_shared_expert": .bool(sharedWidth != nil), "shared_expert_intermediate_size": .int(sharedWidth ?? 5632),
        "layers": .list((layers ?? [-1]).map(YAMLValue.int)),
      ])
    }
  }
}
