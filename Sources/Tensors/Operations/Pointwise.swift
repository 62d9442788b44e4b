extension Tape {
  /// factor * f(x + bias), in `type` or the type of the computation; a bias has as many numbers as x has columns.
  public mutating func map(
    _ x: Variable, _ function: PointFunction, bias: Parameter? = nil, factor: Float = 1, as type: DType? = nil
  ) -> Variable {
    let execution = execution
    let input = x.tensor
    let output = execution.tensor(input.shape, type)
    execution.backend.map(function, input, bias: bias?.master, factor: factor, output: output)
    return record(inputs: [x], output: output) { gradient in
      let inputGradient = execution.tensor(input.shape, input.dtype)
      execution.backend.mapBackward(
        function, input, bias: bias?.master, factor: factor, outputGradient: gradient, inputGradient: inputGradient,
        biasGradient: bias?.gradient)
      return [inputGradient]
    }
  }

  /// x * f(gate), of one shape and type.
  public mutating func gate(_ x: Variable, by gate: Variable, _ function: PointFunction) -> Variable {
    let execution = execution
    let (input, by) = (x.tensor, gate.tensor)
    let output = execution.tensor(input.shape, input.dtype)
    execution.backend.gate(function, input, by: by, output: output)
    return record(inputs: [x, gate], output: output) { gradient in
      let inputGradient = execution.tensor(input.shape, input.dtype)
      let gateGradient = execution.tensor(by.shape, by.dtype)
      execution.backend.gateBackward(
        function, input, by: by, outputGradient: gradient, inputGradient: inputGradient, gateGradient: gateGradient)
      return [inputGradient, gateGradient]
    }
  }

  /// plus + x * w, where as many neighbouring columns share a weight as there are columns for each; w is the weight, or
  /// -e^weight if `negativeExp`.
  public mutating func scaleColumns(
    _ x: Variable, by weight: Parameter, negativeExp: Bool = false, plus: Variable? = nil
  ) -> Variable {
    let execution = execution
    let input = x.tensor
    let output = execution.tensor(input.shape, input.dtype)
    execution.backend.scaleColumns(
      input, by: weight.master, negativeExp: negativeExp, plus: plus?.tensor, output: output)
    return record(inputs: [x] + (plus.map { [$0] } ?? []), output: output) { [isAdded = plus != nil] gradient in
      let inputGradient = execution.tensor(input.shape, input.dtype)
      execution.backend.scaleColumnsBackward(
        input, by: weight.master, negativeExp: negativeExp, outputGradient: gradient, inputGradient: inputGradient,
        weightGradient: weight.gradient)
      return [inputGradient] + (isAdded ? [gradient] : [])
    }
  }

  /// x with each head times a number of `scale`, float32 `[rows, heads]`.
  public mutating func scaleHeads(_ x: Variable, by scale: Variable) -> Variable {
    let execution = execution
    let (input, by) = (x.tensor, scale.tensor)
    let output = execution.tensor(input.shape, input.dtype)
    execution.backend.scaleHeads(input, by: by, output: output)
    return record(inputs: [x, scale], output: output) { gradient in
      let inputGradient = execution.tensor(input.shape, input.dtype)
      execution.backend.scaleHeads(gradient, by: by, output: inputGradient)
      let scaleGradient = execution.tensor(by.shape, .float32)
      execution.backend.headDots(gradient, input, factor: 1, output: scaleGradient)
      return [inputGradient, scaleGradient]
    }
  }

  /// RMSNorm of groups of columns as wide as the weight, one weight for all of them.
  /// - Parameter gradient: the weight's, float32, added to; nil: the weight is fixed.
  public mutating func headNorm(_ x: Variable, weight: Tensor, gradient weightGradient: Tensor?, epsilon: Float) -> Variable {
    let execution = execution
    let input = x.tensor
    let dimension = weight.count
    let heads = input.columns / dimension
    let output = execution.tensor(input.shape, input.dtype)
    let rstd = execution.tensor([input.rows, heads], .float32)
    execution.backend.headNorm(
      input, columnOffset: 0, heads: heads, dimension: dimension, weight: weight, onePlus: false, epsilon: epsilon,
      output: output, rstd: rstd)
    return record(inputs: [x], output: output) { gradient in
      let inputGradient = execution.tensor(input.shape, input.dtype)
      execution.backend.headNormBackward(
        input, columnOffset: 0, heads: heads, dimension: dimension, weight: weight, onePlus: false, rstd: rstd,
        outputGradient: gradient, inputGradient: inputGradient, weightGradient: weightGradient)
      return [inputGradient]
    }
  }
}
