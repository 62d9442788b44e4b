import Foundation
import Tensors

/// Norms without a weight of their own, and numbers that recurrences begin with.
extension Tape {
  /// Every head of x divided by its length, the square of which is raised by `epsilon`.
  mutating func unitHeads(_ x: Variable, dimension: Int, epsilon: Float = 1e-6) -> Variable {
    // The mean square times the width is the square of the length.
    let weight = Tensor([Float](repeating: 1 / Float(dimension).squareRoot(), count: dimension), shape: [dimension], in: execution.arena)
    return headNorm(x, weight: weight, gradient: nil, epsilon: epsilon / Float(dimension))
  }

  /// RMSNorm of groups of columns as wide as the weight.
  mutating func headNorm(_ x: Variable, _ weight: Parameter, epsilon: Float) -> Variable {
    headNorm(x, weight: weight.master, gradient: weight.gradient, epsilon: epsilon)
  }

  /// RMSNorm of groups of columns, then a weight for every column.
  mutating func groupNorm(_ x: Variable, _ weight: Parameter, groups: Int, epsilon: Float) -> Variable {
    guard groups > 1 else { return headNorm(x, weight, epsilon: epsilon) }
    let width = x.tensor.columns / groups
    let ones = Tensor([Float](repeating: 1, count: width), shape: [width], in: execution.arena)
    return scaleColumns(headNorm(x, weight: ones, gradient: nil, epsilon: epsilon), by: weight)
  }

  /// LayerNorm of each of `heads` heads, then a weight and a bias for every column.
  mutating func headLayerNorm(
    _ x: Variable, heads: Int, _ weight: Parameter, bias: Parameter? = nil, epsilon: Float
  ) -> Variable {
    let (rows, width) = (x.tensor.rows, x.tensor.columns / heads)
    func constant(_ value: Float) -> Parameter {
      let values = Tensor([Float](repeating: value, count: width), shape: [width], in: execution.arena)
      return Parameter(name: "constant", master: values, gradient: nil)
    }
    let normed = addLayerNorm(
      reshape(x, [rows, heads, width]), nil, weight: constant(1), bias: constant(0), epsilon: epsilon
    ).normed
    let scaled = scaleColumns(reshape(normed, [rows, heads * width]), by: weight)
    return bias.map { map(scaled, .identity, bias: $0) } ?? scaled
  }
}

/// First values of what decides how fast states decay.
enum DecayInitialization {
  /// Logarithms of 1, 2, … (Mamba-2's A).
  static func logarithms(_ count: Int) -> ParameterDeclaration.Initialization {
    .values((0..<count).map { logf(Float($0 + 1)) })
  }

  /// Biases whose softplus are time steps from 0.001 to 0.1, evenly spread by their logarithms: Mamba draws them so.
  static func timeSteps(_ count: Int) -> ParameterDeclaration.Initialization {
    let (low, high) = (log(0.001), log(0.1))
    return .values(
      (0..<count).map { i in
        let step = exp(low + (high - low) * (Double(i) + 0.5) / Double(count))
        return Float(step + log(-expm1(-step)))
      })
  }
}
