import CKernels

extension CPUBackend {
  public func adamW(
    weight: Tensor, gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor, scalars: AdamWScalars
  ) {
    apus_adamw(
      Int64(weight.count), weight.floats.baseAddress, gradient.floats.baseAddress, firstMoment.floats.baseAddress,
      secondMoment.floats.baseAddress,
      apus_adamw_scalars(
        learning_rate: scalars.learningRate, beta1: scalars.beta1, beta2: scalars.beta2, epsilon: scalars.epsilon,
        weight_decay: scalars.weightDecay, correction1: scalars.corrections.0, correction2: scalars.corrections.1,
        gradient_scale: scalars.gradientScale))
  }

  public func lion(weight: Tensor, gradient: Tensor, momentum: Tensor, scalars: LionScalars) {
    apus_lion(
      Int64(weight.count), weight.floats.baseAddress, gradient.floats.baseAddress, momentum.floats.baseAddress,
      apus_lion_scalars(
        learning_rate: scalars.learningRate, beta1: scalars.beta1, beta2: scalars.beta2,
        weight_decay: scalars.weightDecay, gradient_scale: scalars.gradientScale))
  }

  public func adEMAMix(
    weight: Tensor, gradient: Tensor, fastMoment: Tensor, slowMoment: Tensor, secondMoment: Tensor,
    scalars: AdEMAMixScalars
  ) {
    apus_ademamix(
      Int64(weight.count), weight.floats.baseAddress, gradient.floats.baseAddress, fastMoment.floats.baseAddress,
      slowMoment.floats.baseAddress, secondMoment.floats.baseAddress,
      apus_ademamix_scalars(
        learning_rate: scalars.learningRate, beta1: scalars.beta1, beta2: scalars.beta2, slow_rate: scalars.slowRate,
        alpha: scalars.alpha, epsilon: scalars.epsilon, weight_decay: scalars.weightDecay,
        correction1: scalars.corrections.0, correction2: scalars.corrections.1,
        gradient_scale: scalars.gradientScale))
  }

  public func momentum(
    gradient: Tensor, momentum: Tensor, update: Tensor, decay: Float, nesterov: Bool, gradientScale: Float
  ) {
    apus_momentum(
      Int64(gradient.count), gradient.floats.baseAddress, momentum.floats.baseAddress, update.floats.baseAddress,
      decay, gradientScale, nesterov)
  }

  public func combine(_ a: Float, _ x: Tensor, _ b: Float, _ y: Tensor?, into output: Tensor) {
    apus_combination(Int64(x.count), a, x.floats.baseAddress, b, y?.floats.baseAddress, output.floats.baseAddress)
  }

  public func precondition(
    gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor, output: Tensor, beta2: Float,
    corrections: (Float, Float), epsilon: Float
  ) {
    apus_precondition(
      Int64(gradient.count), gradient.floats.baseAddress, firstMoment.floats.baseAddress,
      secondMoment.floats.baseAddress, output.floats.baseAddress, beta2, corrections.0, corrections.1, epsilon)
  }

  public func eigenvectors(_ matrix: Tensor, into rows: Tensor) -> Bool {
    apus_eigenvectors(Int64(matrix.rows), matrix.floats.baseAddress, rows.floats.baseAddress)
  }

  public func orthonormalize(_ rows: Tensor) { apus_orthonormalize(Int64(rows.rows), rows.floats.baseAddress) }
}
