import CKernels

extension CPUBackend {
  public func activate(_ kind: RowActivation, _ x: Tensor, weights: Tensor?, output: Tensor) {
    apus_row_activation(
      kind.kernel, Int64(output.rows), Int64(output.columns), x.pointer, weights?.floats.baseAddress, output.pointer,
      x.dtype.kernel)
  }

  public func activateBackward(
    _ kind: RowActivation, _ x: Tensor, weights: Tensor?, outputGradient: Tensor, inputGradient: Tensor,
    weightsGradient: Tensor?
  ) {
    apus_row_activation_backward(
      kind.kernel, Int64(outputGradient.rows), Int64(outputGradient.columns), x.pointer, weights?.floats.baseAddress,
      outputGradient.pointer, inputGradient.pointer, weightsGradient?.floats.baseAddress, x.dtype.kernel)
  }

  public func route(
    _ specification: RouterSpecification, logits: Tensor, choiceBias: Tensor?, scores: Tensor, logSumExp: Tensor,
    chosen: Tensor, weights: Tensor
  ) {
    var router = specification.kernel
    apus_route(
      Int64(logits.rows), &router, logits.floats.baseAddress, choiceBias?.floats.baseAddress,
      scores.floats.baseAddress, logSumExp.floats.baseAddress, chosen.integers.baseAddress,
      weights.floats.baseAddress)
  }

  public func routeBackward(
    _ specification: RouterSpecification, logits: Tensor, scores: Tensor, logSumExp: Tensor, chosen: Tensor,
    weightsGradient: Tensor, shareGradient: Tensor?, zScale: Float, logitsGradient: Tensor
  ) {
    var router = specification.kernel
    apus_route_backward(
      Int64(logits.rows), &router, logits.floats.baseAddress, scores.floats.baseAddress,
      logSumExp.floats.baseAddress, chosen.integers.baseAddress, weightsGradient.floats.baseAddress,
      shareGradient?.floats.baseAddress, zScale, logitsGradient.floats.baseAddress)
  }

  public func sortChoices(_ chosen: Tensor, experts: Int, places: Tensor, sources: Tensor) -> [Int] {
    var offsets = [Int64](repeating: 0, count: experts + 1)
    apus_sort_choices(
      Int64(chosen.rows), Int64(experts), Int64(chosen.columns), chosen.integers.baseAddress, &offsets,
      places.integers.baseAddress, sources.integers.baseAddress)
    return offsets.map(Int.init)
  }

  public func routerSums(scores: Tensor, logSumExp: Tensor) -> (shares: [Double], squaredLogSumExp: Double) {
    let experts = scores.columns
    var shares = [Double](repeating: 0, count: experts)
    let values = UnsafeBufferPointer(scores.floats)
    shares.withUnsafeMutableBufferPointer { shares in
      for t in 0..<scores.rows {
        let row = UnsafeBufferPointer(rebasing: values[t * experts..<(t + 1) * experts])
        // Sigmoids do not add up to 1.
        let all = row.reduce(0, +)
        let inverse = all > 0 ? 1 / Double(all) : 0
        for e in 0..<experts { shares[e] += Double(row[e]) * inverse }
      }
    }
    return (shares, logSumExp.floats.reduce(0.0) { $0 + Double($1) * Double($1) })
  }

  public func scatter(_ x: Tensor, to places: Tensor, output: Tensor) {
    let (from, places, to) = (x.floats, places.integers, output.floats)
    for i in 0..<from.count { to[Int(places[i])] = from[i] }
  }

  public func gather(_ x: Tensor, from places: Tensor, output: Tensor) {
    let (from, places, to) = (x.floats, places.integers, output.floats)
    for i in 0..<to.count { to[i] = from[Int(places[i])] }
  }

  public func gatherRows(_ x: Tensor, sources: Tensor, output: Tensor) {
    apus_gather_rows(
      Int64(output.rows), Int64(output.columns), sources.integers.baseAddress, x.pointer, output.pointer,
      x.dtype.kernel)
  }

  public func combineRows(_ x: Tensor, places: Tensor, output: Tensor) {
    apus_combine_rows(
      Int64(output.rows), Int64(places.count / max(output.rows, 1)), Int64(output.columns),
      places.integers.baseAddress, x.pointer, output.pointer, x.dtype.kernel)
  }

  public func gateRows(_ x: Tensor, gate: Tensor, output: Tensor) {
    apus_gate_rows(Int64(x.rows), Int64(x.columns), x.pointer, gate.pointer, output.pointer, x.dtype.kernel)
  }

  public func gateRowsBackward(
    _ x: Tensor, gate: Tensor, outputGradient: Tensor, inputGradient: Tensor, gateGradient: Tensor
  ) {
    apus_gate_rows_backward(
      Int64(x.rows), Int64(x.columns), x.pointer, gate.pointer, outputGradient.pointer, inputGradient.pointer,
      gateGradient.pointer, x.dtype.kernel)
  }

  public func groupedLinear(_ x: Tensor, offsets: [Int], weights: [PackedMatrix?], compute: DType, output: Tensor) {
    apus_grouped_linear(
      compute.kernel, Int64(weights.count), offsets.map(Int64.init), Int64(x.columns), Int64(output.columns),
      x.pointer, x.dtype.kernel, weights.map { $0.map { UnsafeRawPointer($0.pointer) } }, output.pointer)
  }

  public func groupedLinearBackward(
    outputGradient: Tensor, offsets: [Int], weights: [PackedMatrix?], input: Tensor, compute: DType, inputGradient: Tensor,
    weightGradients: [Tensor?]
  ) {
    apus_grouped_linear_backward(
      compute.kernel, Int64(weights.count), offsets.map(Int64.init), Int64(input.columns),
      Int64(outputGradient.columns), outputGradient.pointer, input.pointer, input.dtype.kernel,
      weights.map { $0.map { UnsafeRawPointer($0.pointer) } }, inputGradient.pointer,
      weightGradients.map { $0?.floats.baseAddress })
  }

  public func groupedBias(_ biases: [Tensor], offsets: [Int], weights: Tensor?, to x: Tensor) {
    apus_grouped_bias(
      Int64(biases.count), offsets.map(Int64.init), Int64(x.columns),
      biases.map { UnsafePointer($0.floats.baseAddress) }, weights?.floats.baseAddress, x.pointer, x.dtype.kernel)
  }

  public func groupedBiasBackward(
    _ biases: [Tensor], offsets: [Int], weights: Tensor?, outputGradient: Tensor, biasGradients: [Tensor?],
    weightsGradient: Tensor?
  ) {
    apus_grouped_bias_backward(
      Int64(biases.count), offsets.map(Int64.init), Int64(outputGradient.columns),
      biases.map { UnsafePointer($0.floats.baseAddress) }, weights?.floats.baseAddress, outputGradient.pointer,
      biasGradients.map { $0?.floats.baseAddress }, weightsGradient?.floats.baseAddress,
      outputGradient.dtype.kernel)
  }
}
