import Foundation

extension CPUBackend {
  public func clamp(_ x: Tensor, to bounds: ClosedRange<Float>, output: Tensor) {
    let (from, to) = (x.floats, output.floats)
    for i in 0..<x.count { to[i] = min(max(from[i], bounds.lowerBound), bounds.upperBound) }
  }

  public func clampBackward(_ x: Tensor, to bounds: ClosedRange<Float>, outputGradient: Tensor, inputGradient: Tensor) {
    let (from, given, to) = (x.floats, outputGradient.floats, inputGradient.floats)
    for i in 0..<x.count { to[i] = bounds.contains(from[i]) ? given[i] : 0 }
  }

  public func product(_ a: Tensor, _ b: Tensor, accumulate: Bool, output: Tensor) {
    let (x, y, to) = (a.floats, b.floats, output.floats)
    if accumulate {
      for i in 0..<a.count { to[i] += x[i] * y[i] }
    } else {
      for i in 0..<a.count { to[i] = x[i] * y[i] }
    }
  }

  public func boundedGates(
    logInput: Tensor, logForget: Tensor, length: Int, firstKeys: Tensor?, last: Tensor?, isEmpty: Bool, bounds: Tensor,
    decay: Tensor, factor: Tensor
  ) {
    let heads = logInput.columns
    let (logI, logF, first, past) = (logInput.floats, logForget.floats, firstKeys?.integers, last?.floats)
    let (bound, decays, factors) = (bounds.floats, decay.floats, factor.floats)
    for row in 0..<logInput.rows {
      let token = row % length
      let begins = first.map { Int($0[row]) == token } ?? (token == 0 && (past == nil || isEmpty))
      for head in 0..<heads {
        let i = row * heads + head
        let before = token == 0 ? past?[head] ?? 0 : bound[i - heads]
        let carried = logF[i] + before
        bound[i] = begins ? logI[i] : max(carried, logI[i])
        decays[i] = begins ? 0 : carried - bound[i]
        factors[i] = exp(logI[i] - bound[i])
      }
    }
    if let past, logInput.rows > 0 {
      for head in 0..<heads { past[head] = bound[(logInput.rows - 1) * heads + head] }
    }
  }

  public func boundedReciprocal(_ sum: Tensor, bounds: Tensor, epsilon: Float, output: Tensor) {
    let (sums, bound, to) = (sum.floats, bounds.floats, output.floats)
    for i in 0..<sum.count { to[i] = 1 / (max(abs(sums[i]), exp(-bound[i])) + epsilon) }
  }

  public func boundedReciprocalBackward(
    _ sum: Tensor, bounds: Tensor, output: Tensor, outputGradient: Tensor, inputGradient: Tensor
  ) {
    let (sums, bound, results) = (sum.floats, bounds.floats, output.floats)
    let (given, to) = (outputGradient.floats, inputGradient.floats)
    for i in 0..<sum.count {
      let (x, r) = (sums[i], results[i])
      to[i] = abs(x) > exp(-bound[i]) ? -(x < 0 ? -1 : 1) * r * r * given[i] : 0
    }
  }

  public func rotations(
    _ angles: Tensor, length: Int, firstKeys: Tensor?, last: Tensor?, cosines: Tensor, sines: Tensor
  ) {
    let width = angles.columns
    let (from, cosine, sine) = (angles.floats, cosines.floats, sines.floats)
    let begins = Self.beginnings(length, firstKeys, isContinued: last != nil)
    var sums = last.map { $0.floats.map(Double.init) } ?? [Double](repeating: 0, count: width)
    for row in 0..<angles.rows {
      let isFirst = begins(row)
      for i in 0..<width {
        let sum = (isFirst ? 0 : sums[i]) + Double(from[row * width + i])
        sums[i] = remainder(sum, 2 * .pi)
        cosine[row * width + i] = cosf(Float(sums[i]))
        sine[row * width + i] = sinf(Float(sums[i]))
      }
    }
    if let last { for i in 0..<width { last.floats[i] = Float(sums[i]) } }
  }

  public func rotationsBackward(
    cosines: Tensor, sines: Tensor, length: Int, firstKeys: Tensor?, isContinued: Bool, cosineGradient: Tensor?,
    sineGradient: Tensor?, inputGradient: Tensor
  ) {
    let (width, rows) = (cosines.columns, cosines.rows)
    let (cosine, sine, to) = (cosines.floats, sines.floats, inputGradient.floats)
    let (byCosine, bySine) = (cosineGradient?.toFloats(), sineGradient?.toFloats())
    let begins = Self.beginnings(length, firstKeys, isContinued: isContinued)
    var sums = [Float](repeating: 0, count: width)
    for row in stride(from: rows - 1, through: 0, by: -1) {
      if row + 1 == rows || begins(row + 1) { for i in 0..<width { sums[i] = 0 } }
      for i in 0..<width {
        let at = row * width + i
        sums[i] += (bySine?[at] ?? 0) * cosine[at] - (byCosine?[at] ?? 0) * sine[at]
        to[at] = sums[i]
      }
    }
  }

  /// Whether a row is the first of its document.
  private static func beginnings(_ length: Int, _ firstKeys: Tensor?, isContinued: Bool) -> (Int) -> Bool {
    let first = firstKeys?.integers
    return { row in first.map { Int($0[row]) == row % length } ?? (!isContinued && row % length == 0) }
  }
}
