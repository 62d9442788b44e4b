import CUDARuntime
import Tensors

extension CUDABackend {
  public func route(
    _ specification: RouterSpecification, logits: Tensor, choiceBias: Tensor?, scores: Tensor, logSumExp: Tensor,
    chosen: Tensor, weights: Tensor
  ) {
    let warps = 4
    let numbers = 3 * specification.experts * warps
    launch(
      "route", in: .routing, nil, blocks: blocks(for: logits.rows, per: warps), threads: 32 * warps,
      sharedBytes: numbers * MemoryLayout<Float>.stride, logits, choiceBias, scores, logSumExp, chosen, weights,
      logits.rows, specification.experts, specification.chosen, specification.groups, specification.chosenGroups,
      specification.scores == .sigmoid, specification.normalizesWeights, specification.scale)
  }

  public func routeBackward(
    _ specification: RouterSpecification, logits: Tensor, scores: Tensor, logSumExp: Tensor, chosen: Tensor,
    weightsGradient: Tensor, shareGradient: Tensor?, zScale: Float, logitsGradient: Tensor
  ) {
    launch(
      "route_gradient", in: .routing, nil, blocks: blocks(for: logits.rows, per: 8), threads: 256, logits, scores,
      logSumExp, chosen, weightsGradient, shareGradient, logitsGradient, logits.rows, specification.experts,
      specification.chosen, specification.scores == .sigmoid, specification.normalizesWeights, specification.scale,
      zScale)
  }
}
