/// What a device computes for gates and for states that every token turns.
public protocol GateBackend: Sendable {
  /// output = x kept within bounds; all are float32.
  func clamp(_ x: Tensor, to bounds: ClosedRange<Float>, output: Tensor)
  /// inputGradient = outputGradient, or 0 where x is out of bounds.
  func clampBackward(_ x: Tensor, to bounds: ClosedRange<Float>, outputGradient: Tensor, inputGradient: Tensor)
  /// output = a * b, added to what is there if `accumulate`; all are float32.
  func product(_ a: Tensor, _ b: Tensor, accumulate: Bool, output: Tensor)

  /// See ``Tape/boundedGates(logInput:logForget:length:firstKeys:last:)``: bounds, logarithms of the decays and factors of the
  /// keys, all float32 `[tokens, heads]`; `last`, `[heads]`, is the bound before the first token of a single sequence, which
  /// has no past if `isEmpty`, and becomes that after its last.
  func boundedGates(
    logInput: Tensor, logForget: Tensor, length: Int, firstKeys: Tensor?, last: Tensor?, isEmpty: Bool, bounds: Tensor,
    decay: Tensor, factor: Tensor)
  /// output = 1 / (max(|sum|, e^-bound) + epsilon); all are float32.
  func boundedReciprocal(_ sum: Tensor, bounds: Tensor, epsilon: Float, output: Tensor)
  func boundedReciprocalBackward(
    _ sum: Tensor, bounds: Tensor, output: Tensor, outputGradient: Tensor, inputGradient: Tensor)

  /// Cosines and sines, float32 like the angles `[tokens, width]`, of sums of angles from the beginning of each document on;
  /// `last`, `[width]`, is the sum before the first token of a single sequence and becomes that after its last.
  func rotations(
    _ angles: Tensor, length: Int, firstKeys: Tensor?, last: Tensor?, cosines: Tensor, sines: Tensor)
  /// - Parameter isContinued: whether a single sequence goes on from a sum.
  func rotationsBackward(
    cosines: Tensor, sines: Tensor, length: Int, firstKeys: Tensor?, isContinued: Bool, cosineGradient: Tensor?,
    sineGradient: Tensor?, inputGradient: Tensor)
}
