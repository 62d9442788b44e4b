extension Tape {
  /// Cosines and sines of angles that add up from the beginning of each document on: a state that every token turns.
  /// - Parameters:
  ///   - angles: float32 `[tokens, width]`.
  ///   - last: `[width]`, the sums before the first of a single sequence and, then, after the last; nil: 0.
  /// - Returns: both of the angles' shape, in the type of the computation.
  public mutating func rotations(
    _ angles: Variable, length: Int, firstKeys: Tensor? = nil, last: Tensor? = nil
  ) -> (cosines: Variable, sines: Variable) {
    let execution = execution
    let input = angles.tensor
    let cosines = execution.tensor(input.shape, .float32)
    let sines = execution.tensor(input.shape, .float32)
    execution.backend.rotations(
      input, length: length, firstKeys: firstKeys, last: last, cosines: cosines, sines: sines)
    let outputs = [cosines, sines].map { exact -> Tensor in
      guard execution.compute != .float32 else { return exact }
      let rounded = execution.tensor(exact.shape)
      execution.backend.convert(exact, into: rounded)
      return rounded
    }
    let isContinued = last != nil
    let results = record(inputs: [angles], outputs: outputs) { gradients in
      let inputGradient = execution.tensor(input.shape, .float32)
      execution.backend.rotationsBackward(
        cosines: cosines, sines: sines, length: length, firstKeys: firstKeys, isContinued: isContinued,
        cosineGradient: gradients[0], sineGradient: gradients[1], inputGradient: inputGradient)
      return [inputGradient]
    }
    return (results[0], results[1])
  }
}
