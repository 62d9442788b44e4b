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

  /// x * factor.
  public mutating func scale(_ x: Variable, by factor: Float) -> Variable {
    let execution = execution
    func scaled(_ x: Tensor) -> Tensor {
      let output = execution.tensor(x.shape, x.dtype)
      execution.backend.map(.identity, x, bias: nil, factor: factor, output: output)
      return output
    }
    return record(inputs: [x], output: scaled(x.tensor)) { [scaled($0)] }
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

  /// plus + x * w, where as many neighbouring columns share a weight as there are columns for each; w is the weight or
  /// what `factor` makes of it.
  public mutating func scaleColumns(
    _ x: Variable, by weight: Parameter, factor: ColumnFactor = .weight, plus: Variable? = nil
  ) -> Variable {
    let execution = execution
    let input = x.tensor
    let output = execution.tensor(input.shape, input.dtype)
    execution.backend.scaleColumns(
      input, by: weight.master, factor: factor, plus: plus?.tensor, output: output)
    return record(inputs: [x] + (plus.map { [$0] } ?? []), output: output) { [isAdded = plus != nil] gradient in
      let inputGradient = execution.tensor(input.shape, input.dtype)
      execution.backend.scaleColumnsBackward(
        input, by: weight.master, factor: factor, outputGradient: gradient, inputGradient: inputGradient,
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

  /// The sums of a * b over each of `heads` heads, float32 `[rows, heads]`.
  public mutating func headDots(_ a: Variable, _ b: Variable, heads: Int) -> Variable {
    let execution = execution
    let (left, right) = (a.tensor, b.tensor)
    let output = execution.tensor([left.rows, heads], .float32)
    execution.backend.headDots(left, right, factor: 1, output: output)
    return record(inputs: [a, b], output: output) { gradient in
      let leftGradient = execution.tensor(left.shape, left.dtype)
      let rightGradient = execution.tensor(right.shape, right.dtype)
      execution.backend.scaleHeads(right, by: gradient, output: leftGradient)
      execution.backend.scaleHeads(left, by: gradient, output: rightGradient)
      return [leftGradient, rightGradient]
    }
  }

  /// The same numbers in another shape.
  public mutating func reshape(_ x: Variable, _ shape: [Int]) -> Variable {
    let original = x.tensor.shape
    return record(inputs: [x], output: x.tensor.reshaped(shape)) { [$0.reshaped(original)] }
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
