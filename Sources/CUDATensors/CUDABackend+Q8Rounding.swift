import CUDARuntime
import Tensors

extension CUDABackend {
  public func roundToQ8(_ weights: Tensor) {
    let width = RunWidth.of(.float32, [weights])
    launch(
      "round_to_q8", in: .q8Rounding, nil, defines: ["WIDTH": width],
      blocks: blocks(for: weights.count, per: 256 * width), threads: 256, weights, weights.count)
  }
}
