extension Tape {
  /// y `[rows, outputs]` = x `[rows, inputs]` times the transpose of `weight` `[outputs, inputs]`.
  public mutating func linear(_ x: Variable, _ weight: WeightMatrix) -> Variable {
    let execution = execution
    let input = x.tensor
    let output = execution.tensor(Array(input.shape.dropLast()) + [weight.outputs])
    execution.backend.multiply(
      input, leftTransposed: false, packed: weight.packed(forForward: true, in: execution),
      compute: execution.compute, into: output, accumulate: false)
    return record(inputs: [x], output: output) { gradient in
      let inputGradient = execution.tensor(input.shape)
      let packed = weight.packed(forForward: false, in: execution)
      if let weightGradient = weight.gradient {
        execution.backend.linearBackward(
          outputGradient: gradient, weights: packed, input: weight.packed(input: input, in: execution),
          compute: execution.compute, inputGradient: inputGradient, weightGradient: weightGradient)
      } else {
        execution.backend.multiply(
          gradient, leftTransposed: false, packed: packed, compute: execution.compute, into: inputGradient,
          accumulate: false)
      }
      return [inputGradient]
    }
  }
}

extension WeightMatrix {
  /// gradient += outputGradient` `[rows, outputs]` transposed times input `[rows, inputs]`.
  func accumulateGradient(input: Tensor, outputGradient: Tensor, in execution: Execution) {
    guard let gradient else { return }
    execution.backend.multiply(
      outputGradient, leftTransposed: true, packed: packed(input: input, in: execution), compute: execution.compute,
      into: gradient, accumulate: true)
  }

  /// A layer's input `[rows, inputs]` as the right operand of its weights' gradient.
  fileprivate func packed(input: Tensor, in execution: Execution) -> Storage {
    let packed = execution.arena.allocate(
      byteCount: execution.backend.packedByteCount(depth: input.rows, columns: inputs, compute: execution.compute))
    execution.backend.pack(input, transposed: false, compute: execution.compute, into: packed)
    return packed
  }
}
