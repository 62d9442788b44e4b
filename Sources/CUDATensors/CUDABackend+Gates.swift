import CUDARuntime
import Tensors

extension CUDABackend {
  public func clamp(_ x: Tensor, to bounds: ClosedRange<Float>, output: Tensor) {
    launchFloats(
      "clamp", [x, output], x, DeviceAddress.null, output, x.count, bounds.lowerBound, bounds.upperBound)
  }

  public func clampBackward(_ x: Tensor, to bounds: ClosedRange<Float>, outputGradient: Tensor, inputGradient: Tensor) {
    launchFloats(
      "clamp_backward", [x, outputGradient, inputGradient], x, outputGradient, inputGradient, x.count,
      bounds.lowerBound, bounds.upperBound)
  }

  public func product(_ a: Tensor, _ b: Tensor, accumulate: Bool, output: Tensor) {
    launchFloats("product", [a, b, output], a, b, accumulate ? output : nil, output, a.count)
  }

  public func boundedGates(
    logInput: Tensor, logForget: Tensor, length: Int, firstKeys: Tensor?, last: Tensor?, isEmpty: Bool, bounds: Tensor,
    decay: Tensor, factor: Tensor
  ) {
    let sequences = logInput.rows / max(length, 1)
    launch(
      "bounded_gates", in: .running, .float32, blocks: blocks(for: sequences * logInput.columns, per: 32), threads: 32,
      logInput, logForget, firstKeys, last, bounds, decay, factor, sequences, length, logInput.columns,
      last != nil && !isEmpty)
  }

  public func boundedReciprocal(_ sum: Tensor, bounds: Tensor, epsilon: Float, output: Tensor) {
    launchFloats(
      "bounded_reciprocal", [sum, bounds, output], sum, bounds, DeviceAddress.null, DeviceAddress.null, output,
      sum.count, epsilon)
  }

  public func boundedReciprocalBackward(
    _ sum: Tensor, bounds: Tensor, output: Tensor, outputGradient: Tensor, inputGradient: Tensor
  ) {
    launchFloats(
      "bounded_reciprocal_backward", [sum, bounds, output, outputGradient, inputGradient], sum, bounds, output,
      outputGradient, inputGradient, sum.count, Float(0))
  }

  public func rotations(
    _ angles: Tensor, length: Int, firstKeys: Tensor?, last: Tensor?, cosines: Tensor, sines: Tensor
  ) {
    let sequences = angles.rows / max(length, 1)
    launch(
      "rotations", in: .running, .float32, blocks: blocks(for: sequences * angles.columns, per: 32), threads: 32,
      angles, firstKeys, last, cosines, sines, sequences, length, angles.columns)
  }

  public func rotationsBackward(
    cosines: Tensor, sines: Tensor, length: Int, firstKeys: Tensor?, isContinued: Bool, cosineGradient: Tensor?,
    sineGradient: Tensor?, inputGradient: Tensor
  ) {
    let (sequences, width) = (cosines.rows / max(length, 1), cosines.columns)
    launch(
      "rotations_backward", in: .running, (cosineGradient ?? sineGradient)?.dtype ?? .float32,
      blocks: blocks(for: sequences * width, per: 32), threads: 32, cosines, sines, firstKeys, cosineGradient,
      sineGradient, inputGradient, sequences, length, width, isContinued)
  }
}
