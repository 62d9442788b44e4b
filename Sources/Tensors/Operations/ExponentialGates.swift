import Foundation

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
    let heads = logI.columns
    let decay = execution.tensor(logI.shape, .float32)
    let factor = execution.tensor(logI.shape, .float32)
    let bounds = execution.tensor(logI.shape, .float32)
    for row in 0..<logI.rows {
      let token = row % length
      let begins = firstKeys.map { Int($0.integers[row]) == token } ?? (token == 0 && (last?.isEmpty ?? true))
      for head in 0..<heads {
        let i = row * heads + head
        let before = token == 0 ? last?.0.floats[head] ?? 0 : bounds.floats[i - heads]
        let carried = logF.floats[i] + before
        let bound = begins ? logI.floats[i] : max(carried, logI.floats[i])
        bounds.floats[i] = bound
        decay.floats[i] = begins ? 0 : carried - bound
        factor.floats[i] = exp(logI.floats[i] - bound)
      }
    }
    if let last, logI.rows > 0 {
      for head in 0..<heads { last.0.floats[head] = bounds.floats[(logI.rows - 1) * heads + head] }
    }
    let results = record(inputs: [logInput, logForget], outputs: [decay, factor]) { gradients in
      let inputGradient = gradients[1].map { gradient in
        let result = execution.tensor(factor.shape, .float32)
        for i in 0..<factor.count { result.floats[i] = gradient.floats[i] * factor.floats[i] }
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
    for i in 0..<sums.count { output.floats[i] = 1 / (max(abs(sums.floats[i]), exp(-bounds.floats[i])) + epsilon) }
    return record(inputs: [sum], output: output) { gradient in
      let sumGradient = execution.tensor(sums.shape, .float32)
      for i in 0..<sums.count {
        let (x, r) = (sums.floats[i], output.floats[i])
        sumGradient.floats[i] = abs(x) > exp(-bounds.floats[i]) ? -(x < 0 ? -1 : 1) * r * r * gradient.floats[i] : 0
      }
      return [sumGradient]
    }
  }
}
