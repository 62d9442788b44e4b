extension Tape {
  /// x, float32, kept within bounds; where it is not, there is no gradient.
  public mutating func clamp(_ x: Variable, to bounds: ClosedRange<Float>) -> Variable {
    let execution = execution
    let input = x.tensor
    let output = execution.tensor(input.shape, .float32)
    for i in 0..<input.count { output.floats[i] = min(max(input.floats[i], bounds.lowerBound), bounds.upperBound) }
    return record(inputs: [x], output: output) { gradient in
      let inputGradient = execution.tensor(input.shape, .float32)
      for i in 0..<input.count {
        inputGradient.floats[i] = bounds.contains(input.floats[i]) ? gradient.floats[i] : 0
      }
      return [inputGradient]
    }
  }
}
