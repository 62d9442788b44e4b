extension Tape {
  /// Adds `delta` to the residual stream `x` and normalises the sum (LayerNorm, arXiv:1607.06450) over the last
  /// dimension, with weight and bias.
  /// - Returns: the new residual stream and its norm, both of `x`'s shape.
  public mutating func addLayerNorm(
    _ x: Variable, _ delta: Variable?, weight: Parameter, bias: Parameter, epsilon: Float
  ) -> (residual: Variable, normed: Variable) {
    let execution = execution
    let sum = delta == nil ? x.tensor : execution.tensor(x.tensor.shape)
    let output = execution.tensor(x.tensor.shape)
    let statistics = execution.tensor([x.tensor.rows, 2], .float32)
    execution.backend.layerNorm(
      x.tensor, delta: delta?.tensor, weight: weight.master, bias: bias.master, epsilon: epsilon, sum: sum,
      output: output, statistics: statistics)
    let inputs = [x] + (delta.map { [$0] } ?? [])
    let inputCount = inputs.count
    let results = record(inputs: inputs, outputs: [sum, output]) { gradients in
      guard let outputGradient = gradients[1] else { return Array(repeating: gradients[0], count: inputCount) }
      let sumGradient = execution.tensor(sum.shape)
      execution.backend.layerNormBackward(
        sum: sum, weight: weight.master, statistics: statistics, outputGradient: outputGradient,
        residualGradient: gradients[0], sumGradient: sumGradient, weightGradient: weight.gradient,
        biasGradient: bias.gradient)
      return Array(repeating: sumGradient, count: inputCount)
    }
    return (results[0], results[1])
  }
}
