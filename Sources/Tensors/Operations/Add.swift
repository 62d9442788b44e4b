extension Tape {
  /// a + b, of equal shapes.
  public mutating func add(_ a: Variable, _ b: Variable) -> Variable {
    let output = execution.tensor(a.tensor.shape)
    execution.backend.add(a.tensor, b.tensor, into: output)
    return record(inputs: [a, b], output: output) { [$0, $0] }
  }
}
