extension MeasuringBackend {
  public func activate(_ kind: RowActivation, _ x: Tensor, weights: Tensor?, output: Tensor) {
    measure("activation", exponentials: output.count, x, output) {
      base.activate(kind, x, weights: weights, output: output)
    }
  }

  public func activateBackward(
    _ kind: RowActivation, _ x: Tensor, weights: Tensor?, outputGradient: Tensor, inputGradient: Tensor,
    weightsGradient: Tensor?
  ) {
    measure("activation backward", exponentials: outputGradient.count, x, outputGradient, inputGradient) {
      base.activateBackward(
        kind, x, weights: weights, outputGradient: outputGradient, inputGradient: inputGradient,
        weightsGradient: weightsGradient)
    }
  }

  public func route(
    _ specification: RouterSpecification, logits: Tensor, choiceBias: Tensor?, scores: Tensor, logSumExp: Tensor,
    chosen: Tensor, weights: Tensor
  ) {
    measure("routing", exponentials: logits.count, logits, scores, chosen, weights) {
      base.route(
        specification, logits: logits, choiceBias: choiceBias, scores: scores, logSumExp: logSumExp, chosen: chosen,
        weights: weights)
    }
  }

  public func routeBackward(
    _ specification: RouterSpecification, logits: Tensor, scores: Tensor, logSumExp: Tensor, chosen: Tensor,
    weightsGradient: Tensor, shareGradient: Tensor?, zScale: Float, logitsGradient: Tensor
  ) {
    measure("routing backward", logits, scores, weightsGradient, logitsGradient) {
      base.routeBackward(
        specification, logits: logits, scores: scores, logSumExp: logSumExp, chosen: chosen,
        weightsGradient: weightsGradient, shareGradient: shareGradient, zScale: zScale,
        logitsGradient: logitsGradient)
    }
  }

  public func sortChoices(_ chosen: Tensor, experts: Int, places: Tensor, sources: Tensor) -> [Int] {
    var offsets: [Int] = []
    measure("sorting by expert", chosen, places, sources) {
      offsets = base.sortChoices(chosen, experts: experts, places: places, sources: sources)
    }
    return offsets
  }

  public func routerSums(scores: Tensor, logSumExp: Tensor) -> (shares: [Double], squaredLogSumExp: Double) {
    var sums: (shares: [Double], squaredLogSumExp: Double) = ([], 0)
    measure("router loads", scores, logSumExp) { sums = base.routerSums(scores: scores, logSumExp: logSumExp) }
    return sums
  }

  public func scatter(_ x: Tensor, to places: Tensor, output: Tensor) {
    measure("gathering rows", x, places, output) { base.scatter(x, to: places, output: output) }
  }

  public func gather(_ x: Tensor, from places: Tensor, output: Tensor) {
    measure("gathering rows", x, places, output) { base.gather(x, from: places, output: output) }
  }

  public func gatherRows(_ x: Tensor, sources: Tensor, output: Tensor) {
    measure("gathering rows", x, output) { base.gatherRows(x, sources: sources, output: output) }
  }

  public func combineRows(_ x: Tensor, places: Tensor, output: Tensor) {
    measure("combining rows", x, output) { base.combineRows(x, places: places, output: output) }
  }

  public func gateRows(_ x: Tensor, gate: Tensor, output: Tensor) {
    measure("gating rows", x, output) { base.gateRows(x, gate: gate, output: output) }
  }

  public func gateRowsBackward(
    _ x: Tensor, gate: Tensor, outputGradient: Tensor, inputGradient: Tensor, gateGradient: Tensor
  ) {
    measure("gating rows backward", x, outputGradient, inputGradient) {
      base.gateRowsBackward(
        x, gate: gate, outputGradient: outputGradient, inputGradient: inputGradient, gateGradient: gateGradient)
    }
  }

  public func groupedLinear(_ x: Tensor, offsets: [Int], weights: [PackedMatrix?], compute: DType, output: Tensor) {
    let packed = weights.count { $0 != nil } * x.columns * output.columns * compute.byteCount
    measure("grouped products", operations: 2 * Double(output.count * x.columns), x, output, bytes: packed) {
      base.groupedLinear(x, offsets: offsets, weights: weights, compute: compute, output: output)
    }
  }

  public func groupedLinearBackward(
    outputGradient: Tensor, offsets: [Int], weights: [PackedMatrix?], input: Tensor, compute: DType, inputGradient: Tensor,
    weightGradients: [Tensor?]
  ) {
    let matrices = weightGradients.reduce(0) { $0 + ($1.map { $0.count * (8 + compute.byteCount) } ?? 0) }
    measure(
      "grouped products backward", operations: 4 * Double(inputGradient.count * outputGradient.columns),
      outputGradient, input, inputGradient, bytes: matrices
    ) {
      base.groupedLinearBackward(
        outputGradient: outputGradient, offsets: offsets, weights: weights, input: input, compute: compute,
        inputGradient: inputGradient, weightGradients: weightGradients)
    }
  }

  public func groupedBias(_ biases: [Tensor], offsets: [Int], weights: Tensor?, to x: Tensor) {
    measure("bias", x, x) { base.groupedBias(biases, offsets: offsets, weights: weights, to: x) }
  }

  public func groupedBiasBackward(
    _ biases: [Tensor], offsets: [Int], weights: Tensor?, outputGradient: Tensor, biasGradients: [Tensor?],
    weightsGradient: Tensor?
  ) {
    measure("bias backward", outputGradient) {
      base.groupedBiasBackward(
        biases, offsets: offsets, weights: weights, outputGradient: outputGradient, biasGradients: biasGradients,
        weightsGradient: weightsGradient)
    }
  }
}
