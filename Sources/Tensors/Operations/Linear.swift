extension Tape {
  /// y `[rows, outputs]` = x `[rows, inputs]` times the transpose of `weight` `[outputs, inputs]`, plus `bias`.
  ///
  /// The weights' gradient needs x packed, which costs least while x is in the cache; x itself may be freed then.
  /// - Parameter keptInput: x stays in memory anyway, as what made it needs it again: it is packed in the backward pass,
  ///   so that it is not kept twice.
  public mutating func linear(
    _ x: Variable, _ weight: WeightMatrix, bias: WeightVector? = nil, keptInput: Bool = false
  ) -> Variable {
    let execution = execution
    let shape = x.tensor.shape
    let output = execution.tensor(Array(shape.dropLast()) + [weight.outputs])
    let needsInput = isRecording && weight.gradient != nil
    let packs = needsInput && !keptInput && execution.backend.packsByProduct
    let packedInput = packs ? weight.roomForInput(rows: x.tensor.rows, in: execution) : nil
    let input = needsInput && !packs ? x.tensor : nil
    if let packedInput {
      execution.backend.linear(
        x.tensor, weights: weight.packed(forForward: true, rows: x.tensor.rows, in: execution),
        compute: execution.compute, into: output, packedInput: packedInput)
    } else {
      weight.multiply(x.tensor, into: output, in: execution)
    }
    if let bias { execution.backend.addBias(bias.master, to: output) }
    guard isRecording else { return variable(output) }
    return record(inputs: [x], output: output) { gradient in
      if let biasGradient = bias?.gradient {
        execution.backend.biasBackward(outputGradient: gradient, biasGradient: biasGradient)
      }
      let inputGradient = execution.tensor(shape)
      weight.backward(
        gradient,
        packedInput: packedInput.map { PackedMatrix(storage: $0, isTransposed: false) }
          ?? input.map { weight.packed(input: $0, in: execution) },
        into: inputGradient, in: execution)
      return [inputGradient]
    }
  }
}

extension Tape {
  /// x `[rows, outputs]` times the weights `[outputs, inputs]` themselves: `[rows, inputs]`; nothing is recorded.
  public mutating func product(_ x: Variable, _ weight: WeightMatrix) -> Variable {
    let output = execution.tensor([x.tensor.rows, weight.inputs])
    execution.backend.multiply(
      x.tensor, leftTransposed: false, packed: weight.packed(forForward: false, in: execution),
      compute: execution.compute, into: output, accumulate: false)
    return variable(output)
  }
}

extension WeightMatrix {
  /// Room for a layer's input `[rows, inputs]`, packed as the right operand of the weights' gradient.
  func roomForInput(rows: Int, in execution: Execution) -> Storage {
    execution.arena.allocate(
      byteCount: execution.backend.packedByteCount(depth: rows, columns: inputs, compute: execution.compute))
  }

  /// A layer's input, packed so.
  func packed(input: Tensor, in execution: Execution) -> PackedMatrix {
    if !execution.backend.packsByProduct, input.dtype == execution.compute {
      return PackedMatrix(storage: input.storage, byteOffset: input.byteOffset, isTransposed: false)
    }
    return execution.backend.pack(
      input, transposed: false, compute: execution.compute, into: roomForInput(rows: input.rows, in: execution))
  }

  /// inputGradient = outputGradient `[rows, outputs]` times the weights; where they are not frozen, outputGradient
  /// transposed times the input, packed before, is added to their gradient, or is all of it if it is a step's first.
  /// - Parameter keepsPacked: Whether the packed form of trained weights is kept for the next time, however large.
  func backward(
    _ outputGradient: Tensor, packedInput: PackedMatrix?, into inputGradient: Tensor, keepsPacked: Bool = true,
    in execution: Execution
  ) {
    if let gradient, let packedInput {
      execution.backend.linearBackward(
        outputGradient: outputGradient,
        weights: operand(
          forForward: false, rows: outputGradient.rows, keepsPacked: keepsPacked, in: execution),
        input: packedInput, compute: execution.compute, inputGradient: inputGradient, weightGradient: gradient,
        accumulate: !writesGradient(in: execution.backend))
    } else {
      execution.backend.multiply(
        outputGradient, leftTransposed: false, packed: packed(forForward: false, in: execution),
        compute: execution.compute, into: inputGradient, accumulate: false)
    }
  }
}
