extension Tape {
  /// Adds `delta` to the residual stream `x` and normalises the sum (RMSNorm, arXiv:1910.07467).
  /// - Returns: the new residual stream and its norm, both of `x`'s shape.
  public mutating func addRMSNorm(
    _ x: Variable, _ delta: Variable?, _ weight: Parameter, epsilon: Float
  ) -> (residual: Variable, normed: Variable) {
    let execution = execution
    let sum = delta == nil ? x.tensor : execution.tensor(x.tensor.shape)
    let output = execution.tensor(x.tensor.shape)
    let rstd = execution.tensor([x.tensor.rows], .float32)
    execution.backend.rmsNorm(
      x.tensor, delta: delta?.tensor, weight: weight.master, epsilon: epsilon, sum: sum, output: output, rstd: rstd)
    let inputs = [x] + (delta.map { [$0] } ?? [])
    let inputCount = inputs.count
    let results = record(inputs: inputs, outputs: [sum, output]) { gradients in
      guard let outputGradient = gradients[1] else { return Array(repeating: gradients[0], count: inputCount) }
      let sumGradient = execution.tensor(sum.shape)
      execution.backend.rmsNormBackward(
        sum: sum, weight: weight.master, rstd: rstd, outputGradient: outputGradient, residualGradient: gradients[0],
        sumGradient: sumGradient, weightGradient: weight.gradient)
      return Array(repeating: sumGradient, count: inputCount)
    }
    return (results[0], results[1])
  }

  /// RMSNorm of each query and key head of a fused projection `[tokens, (heads + 2 * keyValueHeads) * dimension]`;
  /// values pass through.
  public mutating func queryKeyNorm(
    _ x: Variable, heads: Int, keyValueHeads: Int, dimension: Int, queryWeight: Parameter, keyWeight: Parameter,
    epsilon: Float
  ) -> Variable {
    let execution = execution
    let input = x.tensor
    let output = execution.tensor(input.shape)
    output.pointer.copyMemory(from: input.pointer, byteCount: input.count * input.dtype.byteCount)
    let queryRstd = execution.tensor([input.rows, heads], .float32)
    let keyRstd = execution.tensor([input.rows, keyValueHeads], .float32)
    let keyOffset = heads * dimension
    execution.backend.headNorm(
      input, columnOffset: 0, heads: heads, dimension: dimension, weight: queryWeight.master, epsilon: epsilon,
      output: output, rstd: queryRstd)
    execution.backend.headNorm(
      input, columnOffset: keyOffset, heads: keyValueHeads, dimension: dimension, weight: keyWeight.master,
      epsilon: epsilon, output: output, rstd: keyRstd)
    return record(inputs: [x], output: output) { gradient in
      let inputGradient = execution.tensor(input.shape)
      inputGradient.pointer.copyMemory(from: gradient.pointer, byteCount: input.count * input.dtype.byteCount)
      execution.backend.headNormBackward(
        input, columnOffset: 0, heads: heads, dimension: dimension, weight: queryWeight.master, rstd: queryRstd,
        outputGradient: gradient, inputGradient: inputGradient, weightGradient: queryWeight.gradient)
      execution.backend.headNormBackward(
        input, columnOffset: keyOffset, heads: keyValueHeads, dimension: dimension, weight: keyWeight.master,
        rstd: keyRstd, outputGradient: gradient, inputGradient: inputGradient, weightGradient: keyWeight.gradient)
      return [inputGradient]
    }
  }
}
