import CKernels

extension CPUBackend {
  public func rmsNorm(
    _ x: Tensor, delta: Tensor?, weight: Tensor, onePlus: Bool, epsilon: Float, sum: Tensor, output: Tensor,
    rstd: Tensor
  ) {
    apus_rms_norm(
      Int64(x.rows), Int64(x.columns), x.pointer, delta?.pointer, weight.floats.baseAddress, onePlus, epsilon,
      sum.pointer, output.pointer, rstd.floats.baseAddress, x.dtype.kernel)
  }

  public func rmsNormBackward(
    sum: Tensor, weight: Tensor, onePlus: Bool, rstd: Tensor, outputGradient: Tensor, residualGradient: Tensor?,
    sumGradient: Tensor, weightGradient: Tensor?
  ) {
    apus_rms_norm_backward(
      Int64(sum.rows), Int64(sum.columns), sum.pointer, weight.floats.baseAddress, onePlus,
      rstd.floats.baseAddress, outputGradient.pointer, residualGradient?.pointer, sumGradient.pointer,
      weightGradient?.floats.baseAddress, sum.dtype.kernel)
  }

  public func headNorm(
    _ x: Tensor, columnOffset: Int, heads: Int, dimension: Int, weight: Tensor, onePlus: Bool, epsilon: Float,
    output: Tensor, rstd: Tensor
  ) {
    apus_head_norm(
      Int64(x.rows), Int64(heads), Int64(dimension), Int64(x.columns), x.pointer(column: columnOffset),
      weight.floats.baseAddress, onePlus, epsilon, output.pointer(column: columnOffset), rstd.floats.baseAddress,
      x.dtype.kernel)
  }

  public func headNormBackward(
    _ x: Tensor, columnOffset: Int, heads: Int, dimension: Int, weight: Tensor, onePlus: Bool, rstd: Tensor,
    outputGradient: Tensor, inputGradient: Tensor, weightGradient: Tensor?
  ) {
    apus_head_norm_backward(
      Int64(x.rows), Int64(heads), Int64(dimension), Int64(x.columns), x.pointer(column: columnOffset),
      weight.floats.baseAddress, onePlus, rstd.floats.baseAddress, outputGradient.pointer(column: columnOffset),
      inputGradient.pointer(column: columnOffset), weightGradient?.floats.baseAddress, x.dtype.kernel)
  }

  public func layerNorm(
    _ x: Tensor, delta: Tensor?, weight: Tensor, bias: Tensor, epsilon: Float, sum: Tensor, output: Tensor,
    statistics: Tensor
  ) {
    apus_layer_norm(
      Int64(x.rows), Int64(x.columns), x.pointer, delta?.pointer, weight.floats.baseAddress, bias.floats.baseAddress,
      epsilon, sum.pointer, output.pointer, statistics.floats.baseAddress, x.dtype.kernel)
  }

  public func layerNormBackward(
    sum: Tensor, weight: Tensor, statistics: Tensor, outputGradient: Tensor, residualGradient: Tensor?,
    sumGradient: Tensor, weightGradient: Tensor?, biasGradient: Tensor?
  ) {
    apus_layer_norm_backward(
      Int64(sum.rows), Int64(sum.columns), sum.pointer, weight.floats.baseAddress, statistics.floats.baseAddress,
      outputGradient.pointer, residualGradient?.pointer, sumGradient.pointer, weightGradient?.floats.baseAddress,
      biasGradient?.floats.baseAddress, sum.dtype.kernel)
  }
}
