import CUDARuntime
import Tensors

extension CUDABackend {
  public func swiGLU(_ gateUp: Tensor, output: Tensor) { activate(.swiGLU, gateUp, weights: nil, output: output) }

  public func swiGLUBackward(_ gateUp: Tensor, outputGradient: Tensor, inputGradient: Tensor) {
    activateBackward(
      .swiGLU, gateUp, weights: nil, outputGradient: outputGradient, inputGradient: inputGradient, weightsGradient: nil)
  }

  public func geGLU(_ gateUp: Tensor, output: Tensor) { activate(.geGLU, gateUp, weights: nil, output: output) }

  public func geGLUBackward(_ gateUp: Tensor, outputGradient: Tensor, inputGradient: Tensor) {
    activateBackward(
      .geGLU, gateUp, weights: nil, outputGradient: outputGradient, inputGradient: inputGradient, weightsGradient: nil)
  }

  public func gelu(_ x: Tensor, output: Tensor) { activate(.gelu, x, weights: nil, output: output) }

  public func geluBackward(_ x: Tensor, outputGradient: Tensor, inputGradient: Tensor) {
    activateBackward(
      .gelu, x, weights: nil, outputGradient: outputGradient, inputGradient: inputGradient, weightsGradient: nil)
  }

  public func activate(_ kind: RowActivation, _ x: Tensor, weights: Tensor?, output: Tensor) {
    let width = RunWidth.of(x.dtype, [x, output], multiples: [output.columns])
    launch(
      "activate", in: .activation, x.dtype, defines: ["KIND": kind.number, "WIDTH": width],
      blocks: blocks(for: output.count, per: 256 * width), threads: 256, x, weights, DeviceAddress.null, output,
      DeviceAddress.null, output.rows, output.columns)
  }

  public func activateBackward(
    _ kind: RowActivation, _ x: Tensor, weights: Tensor?, outputGradient: Tensor, inputGradient: Tensor,
    weightsGradient: Tensor?
  ) {
    let (rows, columns) = (outputGradient.rows, outputGradient.columns)
    let width = RunWidth.of(x.dtype, [x, outputGradient, inputGradient], multiples: [columns])
    let byRows = weightsGradient != nil
    launch(
      byRows ? "activate_backward_rows" : "activate_backward", in: .activation, x.dtype,
      defines: ["KIND": kind.number, "WIDTH": width],
      blocks: byRows ? Grid(rows) : blocks(for: outputGradient.count, per: 256 * width),
      threads: byRows ? 128 : 256, x, weights, outputGradient, inputGradient, weightsGradient, rows, columns)
  }
}

extension RowActivation {
  /// The kernels' number of it.
  fileprivate var number: Int {
    switch self {
    case .swiGLU: 0
    case .geGLU: 1
    case .clampedSwiGLU: 2
    case .geGLUExact: 3
    case .gelu: 4
    case .reluSquared: 5
    }
  }
}
