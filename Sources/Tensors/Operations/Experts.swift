/// The matrices of a layer's experts.
public struct ExpertWeights: Sendable {
  /// `[inner, width]` each: gate and up as one, or the only one.
  let inputs: [WeightMatrix]
  let inputBiases: [WeightVector]?
  /// `[width, inner]` each.
  let outputs: [WeightMatrix]
  let outputBiases: [WeightVector]?

  public init(
    inputs: [WeightMatrix], inputBiases: [WeightVector]?, outputs: [WeightMatrix], outputBiases: [WeightVector]?
  ) {
    self.inputs = inputs
    self.inputBiases = inputBiases
    self.outputs = outputs
    self.outputBiases = outputBiases
  }
}

extension Tape {
  /// The experts' results for the tokens of x `[tokens, width]`, weighted and added up, `[tokens, width]`.
  ///
  /// Rows are sorted by expert and multiplied group by group; no row is filled up and no token dropped. A token's weight
  /// is multiplied into the activation, which is narrower than the result. For the backward pass x, the first products
  /// and the activations are kept; the sorted copy of x is made again.
  /// - Parameter weightsInputs: a token's weight multiplies what its experts read instead; as they begin with a
  ///   product, that is the product's result.
  public mutating func experts(
    _ x: Variable, _ routing: Routing, _ weights: ExpertWeights, activation: RowActivation,
    weightsInputs: Bool = false
  ) -> Variable {
    let execution = execution
    let backend = execution.backend
    let input = x.tensor
    let rowWeights = routing.sortedWeights(in: execution)
    let sortedWeights = weightsInputs ? nil : rowWeights
    let rows = routing.sources.count
    let inner = weights.inputs[0].outputs

    let product = execution.tensor([rows, inner])
    let gathered = routing.gathered(input, in: execution)
    routing.multiply(gathered, weights.inputs, into: product, in: execution)
    let first = weightsInputs ? execution.tensor(product.shape) : product
    if weightsInputs { backend.scaleHeads(product, by: rowWeights.reshaped([rows, 1]), output: first) }
    if let biases = weights.inputBiases {
      backend.groupedBias(biases.map(\.master), offsets: routing.offsets, weights: nil, to: first)
    }
    let activated = execution.tensor([rows, weights.outputs[0].inputs])
    backend.activate(activation, first, weights: sortedWeights, output: activated)
    let second = execution.tensor([rows, input.columns])
    routing.multiply(activated, weights.outputs, into: second, in: execution)
    if let biases = weights.outputBiases {
      backend.groupedBias(biases.map(\.master), offsets: routing.offsets, weights: sortedWeights, to: second)
    }
    let output = execution.tensor(input.shape)
    backend.combineRows(second, places: routing.places, output: output)

    return record(inputs: [x, routing.weights], outputs: [output]) { gradients in
      guard let gradient = gradients[0] else { return [nil, nil] }
      let secondGradient = routing.gathered(gradient, in: execution)
      let activatedGradient = execution.tensor(activated.shape)
      routing.backward(
        secondGradient, input: activated, weights.outputs, inputGradient: activatedGradient, in: execution)
      let firstGradient = execution.tensor(first.shape)
      let weightsGradient = execution.tensor([rows], .float32)
      backend.activateBackward(
        activation, first, weights: sortedWeights, outputGradient: activatedGradient, inputGradient: firstGradient,
        weightsGradient: weightsInputs ? nil : weightsGradient)
      if let biases = weights.outputBiases {
        backend.groupedBiasBackward(
          biases.map(\.master), offsets: routing.offsets, weights: sortedWeights, outputGradient: secondGradient,
          biasGradients: biases.map(\.gradient), weightsGradient: weightsInputs ? nil : weightsGradient)
      }
      if let biases = weights.inputBiases {
        backend.groupedBiasBackward(
          biases.map(\.master), offsets: routing.offsets, weights: nil, outputGradient: firstGradient,
          biasGradients: biases.map(\.gradient), weightsGradient: nil)
      }
      var productGradient = firstGradient
      if weightsInputs {
        let perRow = [rows, 1]
        backend.headDots(firstGradient, product, factor: 1, output: weightsGradient.reshaped(perRow))
        productGradient = execution.tensor(product.shape)
        backend.scaleHeads(firstGradient, by: rowWeights.reshaped(perRow), output: productGradient)
      }
      let gatheredGradient = execution.tensor([rows, input.columns])
      routing.backward(
        productGradient, input: routing.gathered(input, in: execution), weights.inputs,
        inputGradient: gatheredGradient, in: execution)
      let inputGradient = execution.tensor(input.shape)
      backend.combineRows(gatheredGradient, places: routing.places, output: inputGradient)
      return [inputGradient, routing.byToken(weightsGradient, in: execution)]
    }[0]
  }

  /// x `[rows, width]` times the sigmoid of its row's `gate` `[rows, 1]`.
  public mutating func gateRows(_ x: Variable, by gate: Variable) -> Variable {
    let execution = execution
    let (values, gates) = (x.tensor, gate.tensor)
    let output = execution.tensor(values.shape)
    execution.backend.gateRows(values, gate: gates, output: output)
    return record(inputs: [x, gate], outputs: [output]) { gradients in
      guard let gradient = gradients[0] else { return [nil, nil] }
      let inputGradient = execution.tensor(values.shape)
      let gateGradient = execution.tensor(gates.shape)
      execution.backend.gateRowsBackward(
        values, gate: gates, outputGradient: gradient, inputGradient: inputGradient, gateGradient: gateGradient)
      return [inputGradient, gateGradient]
    }[0]
  }
}

extension Routing {
  /// The rows of the tokens, sorted by expert.
  fileprivate func gathered(_ x: Tensor, in execution: Execution) -> Tensor {
    let rows = execution.tensor([sources.count, x.columns])
    execution.backend.gatherRows(x, sources: sources, output: rows)
    return rows
  }

  /// The weights, one for each sorted row.
  fileprivate func sortedWeights(in execution: Execution) -> Tensor {
    let sorted = execution.tensor([sources.count], .float32)
    execution.backend.scatter(weights.tensor, to: places, output: sorted)
    return sorted
  }

  /// Numbers of the sorted rows, as the weights stand.
  fileprivate func byToken(_ sorted: Tensor, in execution: Execution) -> Tensor {
    let result = execution.tensor(weights.tensor.shape, .float32)
    execution.backend.gather(sorted, from: places, output: result)
    return result
  }

  /// output = each expert's rows of x times the transpose of its matrix; experts without rows are not read.
  fileprivate func multiply(_ x: Tensor, _ matrices: [WeightMatrix], into output: Tensor, in execution: Execution) {
    let groups = matrices.indices.filter { offsets[$0] < offsets[$0 + 1] }
    if execution.weightFormat == .q8 {
      for group in groups {
        let rows = offsets[group]..<offsets[group + 1]
        matrices[group].multiply(x[rows: rows], into: output[rows: rows], in: execution)
      }
    } else {
      execution.backend.groupedLinear(
        x, offsets: offsets, weights: packed(matrices, forForward: true, in: execution), compute: execution.compute,
        output: output)
    }
  }

  fileprivate func backward(
    _ outputGradient: Tensor, input: Tensor, _ matrices: [WeightMatrix], inputGradient: Tensor,
    in execution: Execution
  ) {
    execution.backend.groupedLinearBackward(
      outputGradient: outputGradient, offsets: offsets, weights: packed(matrices, forForward: false, in: execution),
      input: input, compute: execution.compute, inputGradient: inputGradient,
      weightGradients: matrices.map(\.gradient))
  }

  private func packed(_ matrices: [WeightMatrix], forForward: Bool, in execution: Execution) -> [PackedMatrix?] {
    matrices.indices.map { group in
      offsets[group] < offsets[group + 1] ? matrices[group].packed(forForward: forForward, in: execution) : nil
    }
  }
}
