import Models
import Tensors

/// The gradients of one step as a whole: their norm, and where they stop being numbers.
public enum GradientNorm {
  /// The L2 norm over all parameters, as `clip_grad_norm_` takes it.
  public static func global(_ store: ParameterStore, in execution: Execution) -> Double {
    guard let gradient = store.gradient else { return 0 }
    return execution.backend.sumOfSquares(gradient).squareRoot()
  }

  /// What to multiply gradients by so that their norm is at most `limit`; PyTorch's formula, with its 1e-6.
  public static func clippingFactor(norm: Double, limit: Double?) -> Double {
    guard let limit else { return 1 }
    return min(1, limit / (norm + 1e-6))
  }

  /// The first parameter whose gradient holds a value that is not finite.
  public static func firstNonFinite(_ store: ParameterStore) -> String? {
    store.parameters.first { parameter in
      guard let gradient = parameter.gradient else { return false }
      return !gradient.toFloats().allSatisfy(\.isFinite)
    }?.name
  }
}
