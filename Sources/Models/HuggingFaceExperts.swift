import Formats
import Foundation
import OrderedCollections
import Tensors

/// What families with experts say alike in a `config.json`.
extension HuggingFaceConfigurationReader {
  /// Feed-forward layers by layer: experts in `sparse` ones, the model's MLP in others.
  ///
  /// `router_aux_loss_coef` is a factor of one loss over the tokens of all layers, with an expert's choices counted per
  /// token; here it becomes the factor of the sum over the layers whose gradient is as large.
  func layers(
    of kind: ExpertsFeedForward, in sparse: [Int], of layers: Int
  ) throws -> LayerPattern<any FeedForwardKind> {
    var kind = kind
    let coefficient = try nonNegative("router_aux_loss_coef", missing: 0.001)
    kind.balance.auxiliaryLoss = coefficient * Double(kind.router.chosen) / Double(max(sparse.count, 1))
    if sparse.count == layers { return LayerPattern([kind]) }
    var kinds = [any FeedForwardKind](repeating: DenseFeedForward(), count: layers)
    for layer in sparse { kinds[layer] = kind }
    return LayerPattern(kinds)
  }
}

extension ModelConfiguration {
  /// The experts of the layers that have them, by layer.
  var expertLayers: [(layer: Int, kind: ExpertsFeedForward)] {
    (0..<layerCount).compactMap { layer in
      (feedForward(layer: layer) as? ExpertsFeedForward).map { (layer, $0) }
    }
  }

  /// What ``HuggingFaceConfigurationReader/layers(of:in:of:)`` reads, and the number of experts of a token.
  var expertMembers: OrderedDictionary<String, JSON> {
    let layers = expertLayers
    guard let kind = layers.first?.kind else { return [:] }
    let coefficient = kind.balance.auxiliaryLoss * Double(layers.count) / Double(kind.router.chosen)
    return [
      "num_experts_per_tok": .integer(Int64(kind.router.chosen)), "output_router_logits": .bool(false),
      // The quotient as it was given, without what multiplying and dividing added.
      "router_aux_loss_coef": .number(Double(String(format: "%.12g", coefficient)) ?? coefficient),
    ]
  }
}
