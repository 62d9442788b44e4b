import Tensors

/// One norm of a model.
struct Norm: Sendable {
  let weight: Parameter
  /// nil: the norm is an RMSNorm.
  let bias: Parameter?
  let onePlus: Bool
  let epsilon: Float

  init(_ store: ParameterStore, _ name: String, _ configuration: ModelConfiguration) {
    weight = store.required("\(name).weight")
    bias = configuration.norm == .layer ? store.required("\(name).bias") : nil
    onePlus = configuration.norm == .rmsOnePlus
    epsilon = Float(configuration.normEpsilon)
  }

  /// The sum of a residual stream and what is added to it, and the sum's norm.
  func callAsFunction(
    _ x: Variable, adding delta: Variable? = nil, on tape: inout Tape
  ) -> (residual: Variable, normed: Variable) {
    if let bias { return tape.addLayerNorm(x, delta, weight: weight, bias: bias, epsilon: epsilon) }
    return tape.addRMSNorm(x, delta, weight, onePlus: onePlus, epsilon: epsilon)
  }
}
