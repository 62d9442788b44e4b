extension MeasuringBackend {
  public func adamW(
    weight: Tensor, gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor, scalars: AdamWScalars
  ) {
    measure("AdamW", weight, weight, gradient, firstMoment, firstMoment, secondMoment, secondMoment) {
      base.adamW(
        weight: weight, gradient: gradient, firstMoment: firstMoment, secondMoment: secondMoment, scalars: scalars)
    }
  }

  public func lion(weight: Tensor, gradient: Tensor, momentum: Tensor, scalars: LionScalars) {
    measure("Lion", weight, weight, gradient, momentum, momentum) {
      base.lion(weight: weight, gradient: gradient, momentum: momentum, scalars: scalars)
    }
  }

  public func adEMAMix(
    weight: Tensor, gradient: Tensor, fastMoment: Tensor, slowMoment: Tensor, secondMoment: Tensor,
    scalars: AdEMAMixScalars
  ) {
    measure(
      "AdEMAMix", weight, weight, gradient, fastMoment, fastMoment, slowMoment, slowMoment, secondMoment, secondMoment
    ) {
      base.adEMAMix(
        weight: weight, gradient: gradient, fastMoment: fastMoment, slowMoment: slowMoment,
        secondMoment: secondMoment, scalars: scalars)
    }
  }

  public func momentum(
    gradient: Tensor, momentum: Tensor, update: Tensor, decay: Float, nesterov: Bool, gradientScale: Float
  ) {
    measure("momentum", gradient, momentum, momentum, update) {
      base.momentum(
        gradient: gradient, momentum: momentum, update: update, decay: decay, nesterov: nesterov,
        gradientScale: gradientScale)
    }
  }

  public func combine(_ a: Float, _ x: Tensor, _ b: Float, _ y: Tensor?, into output: Tensor) {
    measure("combination", x, y, output) { base.combine(a, x, b, y, into: output) }
  }

  public func precondition(
    gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor, output: Tensor, beta2: Float,
    corrections: (Float, Float), epsilon: Float
  ) {
    measure("preconditioning", gradient, firstMoment, secondMoment, secondMoment, output) {
      base.precondition(
        gradient: gradient, firstMoment: firstMoment, secondMoment: secondMoment, output: output, beta2: beta2,
        corrections: corrections, epsilon: epsilon)
    }
  }

  public func eigenvectors(_ matrix: Tensor, into rows: Tensor) -> Bool {
    var isDone = false
    measure("eigenvectors", matrix, rows) { isDone = base.eigenvectors(matrix, into: rows) }
    return isDone
  }

  public func orthonormalize(_ rows: Tensor) {
    measure("orthonormal rows", rows, rows) { base.orthonormalize(rows) }
  }
}
