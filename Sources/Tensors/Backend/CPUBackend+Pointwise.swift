import CKernels

extension CPUBackend {
  public func map(_ function: PointFunction, _ x: Tensor, bias: Tensor?, factor: Float, output: Tensor) {
    apus_map(
      function.kernel, Int64(x.rows), Int64(x.columns), x.pointer, x.dtype.kernel, bias?.floats.baseAddress, factor,
      output.pointer, output.dtype.kernel)
  }

  public func mapBackward(
    _ function: PointFunction, _ x: Tensor, bias: Tensor?, factor: Float, outputGradient: Tensor, inputGradient: Tensor,
    biasGradient: Tensor?
  ) {
    apus_map_backward(
      function.kernel, Int64(x.rows), Int64(x.columns), x.pointer, x.dtype.kernel, bias?.floats.baseAddress, factor,
      outputGradient.pointer, outputGradient.dtype.kernel, inputGradient.pointer, biasGradient?.floats.baseAddress)
  }

  public func gate(_ function: PointFunction, _ x: Tensor, by gate: Tensor, output: Tensor) {
    apus_gate(function.kernel, Int64(x.count), x.pointer, gate.pointer, output.pointer, x.dtype.kernel)
  }

  public func gateBackward(
    _ function: PointFunction, _ x: Tensor, by gate: Tensor, outputGradient: Tensor, inputGradient: Tensor,
    gateGradient: Tensor
  ) {
    apus_gate_backward(
      function.kernel, Int64(x.count), x.pointer, gate.pointer, outputGradient.pointer, inputGradient.pointer,
      gateGradient.pointer, x.dtype.kernel)
  }

  public func scaleColumns(_ x: Tensor, by weight: Tensor, factor: ColumnFactor, plus: Tensor?, output: Tensor) {
    apus_scale_columns(
      Int64(x.rows), Int64(x.columns), Int64(x.columns / weight.count), factor.kernel,
      plus?.pointer, x.pointer, weight.floats.baseAddress, output.pointer, x.dtype.kernel)
  }

  public func scaleColumnsBackward(
    _ x: Tensor, by weight: Tensor, factor: ColumnFactor, outputGradient: Tensor, inputGradient: Tensor,
    weightGradient: Tensor?
  ) {
    apus_scale_columns_backward(
      Int64(x.rows), Int64(x.columns), Int64(x.columns / weight.count), factor.kernel,
      x.pointer, weight.floats.baseAddress, outputGradient.pointer, inputGradient.pointer,
      weightGradient?.floats.baseAddress, x.dtype.kernel)
  }

  public func scaleHeads(_ x: Tensor, by scale: Tensor, output: Tensor) {
    apus_scale_heads(
      Int64(x.rows), Int64(scale.columns), Int64(x.columns / scale.columns), x.pointer, x.dtype.kernel,
      scale.floats.baseAddress, output.pointer, output.dtype.kernel)
  }

  public func headDots(_ a: Tensor, _ b: Tensor, factor: Float, output: Tensor) {
    apus_head_dots(
      Int64(a.rows), Int64(output.columns), Int64(a.columns / output.columns), a.pointer, a.dtype.kernel, b.pointer,
      b.dtype.kernel, factor, output.floats.baseAddress)
  }
}

extension PointFunction {
  fileprivate var kernel: apus_function {
    switch self {
    case .identity: APUS_IDENTITY
    case .sigmoid: APUS_SIGMOID
    case .silu: APUS_SILU
    case .logSigmoid: APUS_LOG_SIGMOID
    case .softplus: APUS_SOFTPLUS
    case .exp: APUS_EXP
    case .tanh: APUS_TANH
    case .relu: APUS_RELU
    case .logOneMinus: APUS_LOG_ONE_MINUS
    }
  }
}

extension ColumnFactor {
  fileprivate var kernel: apus_column_factor {
    switch self {
    case .weight: APUS_PLAIN
    case .negativeExp: APUS_NEGATIVE_EXP
    case .sigmoid: APUS_SIGMOID_OF
    }
  }
}
