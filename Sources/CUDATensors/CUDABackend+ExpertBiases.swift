import CUDARuntime
import Tensors

extension CUDABackend {
  public func groupedBias(_ biases: [Tensor], offsets: [Int], weights: Tensor?, to x: Tensor) {
    let rows = (offsets.last ?? 0) - (offsets.first ?? 0)
    if rows == 0 { return }
    let width = RunWidth.of(x.dtype, [x], multiples: [x.columns])
    launch(
      "grouped_bias", in: .expertBiases, x.dtype, defines: ["WIDTH": width],
      blocks: blocks(for: rows * x.columns, per: 256 * width), threads: 256, uploaded(offsets.map(Int64.init)),
      uploaded(biases.map(\.deviceAddress.bits)), weights, x, biases.count, rows, x.columns)
  }

  public func groupedBiasBackward(
    _ biases: [Tensor], offsets: [Int], weights: Tensor?, outputGradient: Tensor, biasGradients: [Tensor?],
    weightsGradient: Tensor?
  ) {
    let rows = (offsets.last ?? 0) - (offsets.first ?? 0)
    if rows == 0 { return }
    let (borders, addresses) = (uploaded(offsets.map(Int64.init)), uploaded(biases.map(\.deviceAddress.bits)))
    let gradients = uploaded(biasGradients.map { $0?.deviceAddress.bits ?? 0 })
    let width = RunWidth.of(outputGradient.dtype, [outputGradient], multiples: [outputGradient.columns])
    func run(_ kernel: String, _ blocks: Grid) {
      launch(
        kernel, in: .expertBiases, outputGradient.dtype, defines: ["WIDTH": width], blocks: blocks, threads: 256,
        borders, addresses, gradients, weights, outputGradient, weightsGradient, biases.count, outputGradient.columns)
    }
    if biasGradients.contains(where: { $0 != nil }) {
      run("grouped_bias_gradient", Grid((outputGradient.columns + 31) / 32, biases.count))
    }
    if weightsGradient != nil { run("grouped_bias_weights_gradient", Grid(rows)) }
  }
}
