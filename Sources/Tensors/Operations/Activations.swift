extension Tape {
  /// SwiGLU (arXiv:2002.05202) of gate and up side by side, `[rows, 2 * width]`: silu(gate) * up, `[rows, width]`.
  public mutating func swiGLU(_ gateUp: Variable) -> Variable {
    let backend = execution.backend
    return gated(gateUp, { backend.swiGLU($0, output: $1) }) {
      backend.swiGLUBackward($0, outputGradient: $1, inputGradient: $2)
    }
  }

  /// GEGLU (arXiv:2002.05202) of gate and up side by side, `[rows, 2 * width]`: gelu(gate) * up, `[rows, width]`, with
  /// GELU in its tanh form.
  public mutating func geGLU(_ gateUp: Variable) -> Variable {
    let backend = execution.backend
    return gated(gateUp, { backend.geGLU($0, output: $1) }) {
      backend.geGLUBackward($0, outputGradient: $1, inputGradient: $2)
    }
  }

  /// An activation that halves the width; `forward` takes input and output, `backward` the input and both gradients.
  private mutating func gated(
    _ gateUp: Variable, _ forward: (Tensor, Tensor) -> Void,
    backward: @escaping @Sendable (Tensor, Tensor, Tensor) -> Void
  ) -> Variable {
    let execution = execution
    let input = gateUp.tensor
    let output = execution.tensor(Array(input.shape.dropLast()) + [input.columns / 2])
    forward(input, output)
    return record(inputs: [gateUp], output: output) { gradient in
      let inputGradient = execution.tensor(input.shape)
      backward(input, gradient, inputGradient)
      return [inputGradient]
    }
  }

  /// GELU in its tanh form (arXiv:1606.08415).
  public mutating func gelu(_ x: Variable) -> Variable {
    let execution = execution
    let input = x.tensor
    let output = execution.tensor(input.shape)
    execution.backend.gelu(input, output: output)
    return record(inputs: [x], output: output) { gradient in
      let inputGradient = execution.tensor(input.shape)
      execution.backend.geluBackward(input, outputGradient: gradient, inputGradient: inputGradient)
      return [inputGradient]
    }
  }
}

extension Tape {
  /// Any activation; those above are faster at what they do.
  public mutating func activation(_ kind: RowActivation, _ x: Variable) -> Variable {
    let execution = execution
    let input = x.tensor
    let output = execution.tensor(Array(input.shape.dropLast()) + [kind.isGated ? input.columns / 2 : input.columns])
    execution.backend.activate(kind, input, weights: nil, output: output)
    return record(inputs: [x], output: output) { gradient in
      let inputGradient = execution.tensor(input.shape)
      execution.backend.activateBackward(
        kind, input, weights: nil, outputGradient: gradient, inputGradient: inputGradient, weightsGradient: nil)
      return [inputGradient]
    }
  }
}
