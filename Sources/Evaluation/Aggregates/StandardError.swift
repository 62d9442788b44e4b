import Tensors

/// How far an aggregate over some questions may be off because other questions might have been asked.
public enum StandardError {
  /// The standard error of a mean: the sample's standard deviation (n − 1) over √n.
  /// - Returns: nil for fewer than two values.
  public static func mean(_ values: [Double]) -> Double? {
    standardDeviation(values).map { $0 / Double(values.count).squareRoot() }
  }

  /// The standard error of any statistic: the standard deviation (n − 1) of its values over samples drawn with
  /// replacement (Efron 1979). It is not divided by the number of samples, which only sharpens the estimate.
  /// - Parameter seed: decides the samples; the same values, seed and number give the same result.
  /// - Returns: nil for fewer than two values.
  public static func bootstrap<Value>(
    _ values: [Value], samples: Int = 1000, seed: UInt64 = 0, statistic: ([Value]) -> Double
  ) -> Double? {
    guard values.count > 1, samples > 1 else { return nil }
    let random = Philox(seed: seed, purpose: "bootstrap")
    var results: [Double] = []
    results.reserveCapacity(samples)
    var drawn = values
    var block = SIMD4<UInt32>()
    var position: UInt64 = 0
    for _ in 0..<samples {
      for i in drawn.indices {
        if position % 4 == 0 { block = random.block(position / 4) }
        let word = UInt64(block[Int(position % 4)])
        position += 1
        drawn[i] = values[Int((word &* UInt64(values.count)) >> 32)]
      }
      results.append(statistic(drawn))
    }
    return standardDeviation(results)
  }

  private static func standardDeviation(_ values: [Double]) -> Double? {
    guard values.count > 1 else { return nil }
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(values.count - 1)).squareRoot()
  }
}
