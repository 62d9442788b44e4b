import Formats
import Foundation
import OrderedCollections
import Tensors

/// What families with experts say alike in a `config.json`.
extension HuggingFaceConfigurationReader {
  /// Feed-forward layers by layer: experts in `sparse` ones, the model's MLP in others.
  /// - Parameter missing: the `router_aux_loss_coef` of a file that has none.
  func layers(
    of kind: ExpertsFeedForward, in sparse: [Int], of layers: Int, missingCoefficient missing: Double = 0.001
  ) throws -> LayerPattern<any FeedForwardKind> {
    let kind = kind.balanced(by: try nonNegative("router_aux_loss_coef", missing: missing), layers: sparse.count)
    if sparse.count == layers { return LayerPattern([kind]) }
    var kinds = [any FeedForwardKind](repeating: DenseFeedForward(), count: layers)
    for layer in sparse { kinds[layer] = kind }
    return LayerPattern(kinds)
  }
}

extension ExpertsFeedForward {
  /// The same with the auxiliary loss of a `router_aux_loss_coef` in a model of so many layers with experts.
  ///
  /// That is a factor of one loss over the tokens of all layers, with an expert's choices counted per token; here it
  /// becomes the factor of the sum over the layers whose gradient is as large.
  func balanced(by coefficient: Double, layers: Int) -> ExpertsFeedForward {
    var kind = self
    kind.balance.auxiliaryLoss = coefficient * Double(router.chosen) / Double(max(layers, 1))
    return kind
  }
}

extension ModelConfiguration {
  /// The experts of the layers that have them, by layer.
  var expertLayers: [(layer: Int, kind: ExpertsFeedForward)] {
    (0..<layerCount).compactMap { layer in
      (feedForward(layer: layer) as? ExpertsFeedForward).map { (layer, $0) }
    }
  }

  /// Experts of a layer under the key `count`, their width, how many a token has, and the factor of their loss.
  func expertMembers(count: String, width: String) -> OrderedDictionary<String, JSON> {
    let layers = expertLayers
    guard let kind = layers.first?.kind else { return [:] }
    let coefficient = kind.balance.auxiliaryLoss * Double(layers.count) / Double(kind.router.chosen)
    return [
      count: .integer(Int64(kind.router.experts)), width: .integer(Int64(kind.width)),
      "num_experts_per_tok": .integer(Int64(kind.router.chosen)), "output_router_logits": .bool(false),
      // The quotient as it was given, without what multiplying and dividing added.
      "router_aux_loss_coef": .number(Double(String(format: "%.12g", coefficient)) ?? coefficient),
    ]
  }
}
