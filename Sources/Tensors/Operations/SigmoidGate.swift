extension Tape {
  /// x * sigmoid(gate), of equal shapes.
  public mutating func sigmoidGate(_ x: Variable, gate: Variable) -> Variable {
    let execution = execution
    let (values, gates) = (x.tensor, gate.tensor)
    let output = execution.tensor(values.shape)
    execution.backend.sigmoidGate(values, gate: gates, output: output)
    return record(inputs: [x, gate], output: output) { gradient in
      let (inputGradient, gateGradient) = (execution.tensor(values.shape), execution.tensor(values.shape))
      execution.backend.sigmoidGateBackward(
        values, gate: gates, outputGradient: gradient, inputGradient: inputGradient, gateGradient: gateGradient)
      return [inputGradient, gateGradient]
    }
  }
}
