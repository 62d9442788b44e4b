extension Tape {
  /// x, float32, kept within bounds; where it is not, there is no gradient.
  public mutating func clamp(_ x: Variable, to bounds: ClosedRange<Float>) -> Variable {
    let execution = execution
    let input = x.tensor
    let output = execution.tensor(input.shape, .float32)
    execution.backend.clamp(input, to: bounds, output: output)
    return record(inputs: [x], output: output) { gradient in
      let inputGradient = execution.tensor(input.shape, .float32)
      execution.backend.clampBackward(input, to: bounds, outputGradient: gradient, inputGradient: inputGradient)
      return [inputGradient]
    }
  }
}
