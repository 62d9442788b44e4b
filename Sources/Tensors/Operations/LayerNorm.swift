extension Tape {
  /// LayerNorm (arXiv:1607.06450) over the last dimension with weight and bias.
  public mutating func layerNorm(
    _ x: Variable, weight: Parameter, bias: Parameter, epsilon: Float
  ) -> Variable {
    let execution = execution
    let input = x.tensor
    let output = execution.tensor(input.shape)
    let statistics = execution.tensor([input.rows, 2], .float32)
    execution.backend.layerNorm(
      input, weight: weight.master, bias: bias.master, epsilon: epsilon, output: output, statistics: statistics)
    return record(inputs: [x], output: output) { gradient in
      let inputGradient = execution.tensor(input.shape)
      execution.backend.layerNormBackward(
        input, weight: weight.master, statistics: statistics, outputGradient: gradient, inputGradient: inputGradient,
        weightGradient: weight.gradient, biasGradient: bias.gradient)
      return [inputGradient]
    }
  }
}
