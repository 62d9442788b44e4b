extension Tape {
  /// Mamba's selective scan: every channel c has a state h of its own, h = e^(step * A) * h + step * x * key, and gives
  /// query . h, where A is -e^logRate.
  /// - Parameters:
  ///   - x: `[tokens, channels]`, as the result.
  ///   - step: float32 `[tokens, channels]`, above 0.
  ///   - logRate: `[channels, states]`.
  ///   - key: `[tokens, states]`; query the same.
  ///   - state: float32 `[sequences, channels, states]`, the state before and, then, after; only where nothing is
  ///     recorded.
  public mutating func selectiveScan(
    _ x: Variable, step: Variable, logRate: Parameter, key: Variable, query: Variable, sequences: Int, length: Int,
    firstKeys: Tensor? = nil, state: Tensor? = nil
  ) -> Variable {
    precondition(state == nil || !isRecording, "gradients do not go through states from outside")
    let execution = execution
    let rate = execution.tensor(logRate.shape, .float32)
    execution.backend.map(.exp, logRate.master, bias: nil, factor: -1, output: rate)
    var scan = SelectiveScan(
      sequences: sequences, length: length, input: x.tensor, step: step.tensor, rate: rate, key: key.tensor,
      query: query.tensor, firstKeys: firstKeys, state: state)
    let output = execution.tensor(x.tensor.shape)
    execution.backend.selectiveScan(scan, output: output)
    scan.state = nil
    return record(inputs: [x, step, key, query], output: output) { [scan] gradient in
      let inputGradient = execution.tensor(scan.input.shape)
      let stepGradient = execution.tensor(scan.step.shape, .float32)
      let (keyGradient, queryGradient) = (execution.tensor(scan.key.shape), execution.tensor(scan.query.shape))
      let rateGradient = execution.tensor(rate.shape, .float32)
      execution.backend.fillZero(rateGradient)
      execution.backend.selectiveScanBackward(
        scan, outputGradient: gradient, inputGradient: inputGradient, stepGradient: stepGradient,
        keyGradient: keyGradient, queryGradient: queryGradient, rateGradient: rateGradient)
      // The rate's slope by its logarithm is the rate itself.
      if let total = logRate.gradient {
        execution.backend.product(rateGradient, rate, accumulate: true, output: total)
      }
      return [inputGradient, stepGradient, keyGradient, queryGradient]
    }
  }
}
