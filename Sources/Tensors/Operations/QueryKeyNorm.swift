extension Tape {
  /// RMSNorm of the queries and keys of a fused projection `[tokens, queryWidth + keyWidth + …]`; values pass through.
  ///
  /// A group of columns as wide as the weight is normalised as one: a weight of a head's width norms each head (Qwen3),
  /// one as wide as all queries or keys norms them together (OLMo 2, arXiv:2501.00656).
  /// - Parameter onePlus: what is normalised is multiplied by 1 + weight.
  public mutating func queryKeyNorm(
    _ x: Variable, queryWidth: Int, keyWidth: Int, queryWeight: Parameter, keyWeight: Parameter, onePlus: Bool = false,
    epsilon: Float
  ) -> Variable {
    let execution = execution
    let input = x.tensor
    let output = execution.tensor(input.shape)
    execution.backend.copy(input, into: output)
    let parts = [(queryWeight, 0, queryWidth), (keyWeight, queryWidth, keyWidth)].map { weight, offset, width in
      let dimension = weight.shape[0]
      let heads = width / dimension
      let rstd = execution.tensor([input.rows, heads], .float32)
      execution.backend.headNorm(
        input, columnOffset: offset, heads: heads, dimension: dimension, weight: weight.master, onePlus: onePlus,
        epsilon: epsilon, output: output, rstd: rstd)
      return (weight: weight, offset: offset, heads: heads, dimension: dimension, rstd: rstd)
    }
    return record(inputs: [x], output: output) { gradient in
      let inputGradient = execution.tensor(input.shape)
      execution.backend.copy(gradient, into: inputGradient)
      for part in parts {
        execution.backend.headNormBackward(
          input, columnOffset: part.offset, heads: part.heads, dimension: part.dimension, weight: part.weight.master,
          onePlus: onePlus, rstd: part.rstd, outputGradient: gradient, inputGradient: inputGradient,
          weightGradient: part.weight.gradient)
      }
      return [inputGradient]
    }
  }
}
