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
      weight.accumulateGradient(input: input, outputGradient: gradient, in: execution)
      let inputGradient = execution.tensor(input.shape)
      execution.backend.multiply(
        gradient, leftTransposed: false, packed: weight.packed(forForward: false, in: execution),
        compute: execution.compute, into: inputGradient, accumulate: false)
      return [inputGradient]
    }
  }
}

extension WeightMatrix {
  /// gradient += outputGradient` `[rows, outputs]` transposed times input `[rows, inputs]`.
  func accumulateGradient(input: Tensor, outputGradient: Tensor, in execution: Execution) {
    guard let gradient else { return }
    let backend = execution.backend
    let packed = execution.arena.allocate(
      byteCount: backend.packedByteCount(depth: input.rows, columns: inputs, compute: execution.compute))
    backend.pack(input, transposed: false, compute: execution.compute, into: packed)
    backend.multiply(
      outputGradient, leftTransposed: true, packed: packed, compute: execution.compute, into: gradient,
      accumulate: true)
  }
}
