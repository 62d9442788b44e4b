extension Tape {
  /// Gates of the mLSTM (xLSTM, arXiv:2405.04517) kept within bounds: with m = max(logForget + m of the token before,
  /// logInput), states are held as multiples of e^m.
  ///
  /// What is read from such a state does not depend on m, so m has no gradient.
  /// - Parameters:
  ///   - logInput: float32 `[tokens, heads]`; logForget the same, at most 0.
  ///   - last: `[heads]`, m before the first of a single sequence and, then, after the last, with `isEmpty` where there is no
  ///     past; nil: sequences of `length` begin with nothing.
  /// - Returns: logarithms of the decays and factors of the keys, float32 `[tokens, heads]`, and m.
  public mutating func boundedGates(
    logInput: Variable, logForget: Variable, length: Int, firstKeys: Tensor? = nil, last: (Tensor, isEmpty: Bool)? = nil
  ) -> (decay: Variable, input: Variable, bounds: Tensor) {
    let execution = execution
    let (logI, logF) = (logInput.tensor, logForget.tensor)
    let decay = execution.tensor(logI.shape, .float32)
    let factor = execution.tensor(logI.shape, .float32)
    let bounds = execution.tensor(logI.shape, .float32)
    execution.backend.boundedGates(
      logInput: logI, logForget: logF, length: length, firstKeys: firstKeys, last: last?.0,
      isEmpty: last?.isEmpty ?? true, bounds: bounds, decay: decay, factor: factor)
    let results = record(inputs: [logInput, logForget], outputs: [decay, factor]) { gradients in
      let inputGradient = gradients[1].map { gradient in
        let result = execution.tensor(factor.shape, .float32)
        execution.backend.product(gradient, factor, accumulate: false, output: result)
        return result
      }
      return [inputGradient, gradients[0]]
    }
    return (results[0], results[1], bounds)
  }

  /// 1 / (max(|sum|, e^-bound) + epsilon), float32 `[tokens, heads]`: what the mLSTM multiplies its results by.
  public mutating func boundedReciprocal(_ sum: Variable, bounds: Tensor, epsilon: Float) -> Variable {
    let execution = execution
    let sums = sum.tensor
    let output = execution.tensor(sums.shape, .float32)
    execution.backend.boundedReciprocal(sums, bounds: bounds, epsilon: epsilon, output: output)
    return record(inputs: [sum], output: output) { gradient in
      let sumGradient = execution.tensor(sums.shape, .float32)
      execution.backend.boundedReciprocalBackward(
        sums, bounds: bounds, output: output, outputGradient: gradient, inputGradient: sumGradient)
      return [sumGradient]
    }
  }
}
