extension MeasuringBackend {
  public func clamp(_ x: Tensor, to bounds: ClosedRange<Float>, output: Tensor) {
    measure("pointwise", x, output) { base.clamp(x, to: bounds, output: output) }
  }

  public func clampBackward(_ x: Tensor, to bounds: ClosedRange<Float>, outputGradient: Tensor, inputGradient: Tensor) {
    measure("pointwise backward", x, outputGradient, inputGradient) {
      base.clampBackward(x, to: bounds, outputGradient: outputGradient, inputGradient: inputGradient)
    }
  }

  public func product(_ a: Tensor, _ b: Tensor, accumulate: Bool, output: Tensor) {
    measure("pointwise", a, b, output) { base.product(a, b, accumulate: accumulate, output: output) }
  }

  public func boundedGates(
    logInput: Tensor, logForget: Tensor, length: Int, firstKeys: Tensor?, last: Tensor?, isEmpty: Bool, bounds: Tensor,
    decay: Tensor, factor: Tensor
  ) {
    measure("gates", exponentials: factor.count, logInput, logForget, bounds, decay, factor) {
      base.boundedGates(
        logInput: logInput, logForget: logForget, length: length, firstKeys: firstKeys, last: last, isEmpty: isEmpty,
        bounds: bounds, decay: decay, factor: factor)
    }
  }

  public func boundedReciprocal(_ sum: Tensor, bounds: Tensor, epsilon: Float, output: Tensor) {
    measure("gates", exponentials: sum.count, sum, bounds, output) {
      base.boundedReciprocal(sum, bounds: bounds, epsilon: epsilon, output: output)
    }
  }

  public func boundedReciprocalBackward(
    _ sum: Tensor, bounds: Tensor, output: Tensor, outputGradient: Tensor, inputGradient: Tensor
  ) {
    measure("gates backward", exponentials: sum.count, sum, bounds, output, outputGradient, inputGradient) {
      base.boundedReciprocalBackward(
        sum, bounds: bounds, output: output, outputGradient: outputGradient, inputGradient: inputGradient)
    }
  }

  public func rotations(
    _ angles: Tensor, length: Int, firstKeys: Tensor?, last: Tensor?, cosines: Tensor, sines: Tensor
  ) {
    measure("rotations", angles, cosines, sines) {
      base.rotations(angles, length: length, firstKeys: firstKeys, last: last, cosines: cosines, sines: sines)
    }
  }

  public func rotationsBackward(
    cosines: Tensor, sines: Tensor, length: Int, firstKeys: Tensor?, isContinued: Bool, cosineGradient: Tensor?,
    sineGradient: Tensor?, inputGradient: Tensor
  ) {
    measure("rotations backward", cosines, sines, cosineGradient, sineGradient, inputGradient) {
      base.rotationsBackward(
        cosines: cosines, sines: sines, length: length, firstKeys: firstKeys, isContinued: isContinued,
        cosineGradient: cosineGradient, sineGradient: sineGradient, inputGradient: inputGradient)
    }
  }
}
