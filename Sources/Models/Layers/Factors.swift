import Tensors

extension Parameter {
  /// Numbers for columns that are not trained, each for so many of them.
  convenience init(constants: [(value: Float, columns: Int)], in arena: Arena) {
    let values = constants.flatMap { [Float](repeating: $0.value, count: $0.columns) }
    self.init(name: "constants", master: Tensor(values, shape: [values.count], in: arena), gradient: nil)
  }
}

extension Tape {
  /// x times a number, which costs nothing where it is 1.
  mutating func scale(_ x: Variable, by factor: Double) -> Variable {
    factor == 1 ? x : scale(x, by: Float(factor))
  }
}
