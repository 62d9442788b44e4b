extension Tape {
  /// Adds `delta` to the residual stream `x` and normalises the sum (RMSNorm, arXiv:1910.07467).
  /// - Parameter onePlus: what is normalised is multiplied by 1 + `weight`.
  /// - Returns: the new residual stream and its norm, both of `x`'s shape.
  public mutating func addRMSNorm(
    _ x: Variable, _ delta: Variable?, _ weight: Parameter, onePlus: Bool = false, epsilon: Float
  ) -> (residual: Variable, normed: Variable) {
    let execution = execution
    let sum = delta == nil ? x.tensor : execution.tensor(x.tensor.shape)
    let output = execution.tensor(x.tensor.shape)
    let rstd = execution.tensor([x.tensor.rows], .float32)
    execution.backend.rmsNorm(
      x.tensor, delta: delta?.tensor, weight: weight.master, onePlus: onePlus, epsilon: epsilon, sum: sum,
      output: output, rstd: rstd)
    guard isRecording else { return (variable(sum), variable(output)) }
    let inputs = [x] + (delta.map { [$0] } ?? [])
    let inputCount = inputs.count
    let results = record(inputs: inputs, outputs: [sum, output]) { gradients in
      guard let outputGradient = gradients[1] else { return Array(repeating: gradients[0], count: inputCount) }
      let sumGradient = execution.tensor(sum.shape)
      execution.backend.rmsNormBackward(
        sum: sum, weight: weight.master, onePlus: onePlus, rstd: rstd, outputGradient: outputGradient,
        residualGradient: gradients[0], sumGradient: sumGradient, weightGradient: weight.gradient)
      return Array(repeating: sumGradient, count: inputCount)
    }
    return (results[0], results[1])
  }
}
