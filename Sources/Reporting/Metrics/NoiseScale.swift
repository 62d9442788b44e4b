/// The gradient noise scale of a run: the ratio of mean variance to mean signal over stretches of its measurements
/// (McCandlish and others, arXiv:1812.06162), in tokens.
struct NoiseScale {
  private let steps: [Int]
  /// Sums of all measurements before each.
  private var signals = [0.0]
  private var traces = [0.0]

  /// Takes the rows in which noise was measured.
  init(_ rows: [TrainingStepMetrics]) {
    let measured = rows.filter { ($0.noiseSignal?.isFinite ?? false) && ($0.noiseTrace?.isFinite ?? false) }
    steps = measured.map(\.step)
    for row in measured {
      signals.append(signals[signals.count - 1] + (row.noiseSignal ?? 0))
      traces.append(traces[traces.count - 1] + (row.noiseTrace ?? 0))
    }
  }

  /// Measurements.
  var count: Int { steps.count }

  /// The scale over some of them; nil where there are none, or their noise hides the signal.
  func value(over range: Range<Int>) -> Double? {
    let signal = signals[range.upperBound] - signals[range.lowerBound]
    let trace = traces[range.upperBound] - traces[range.lowerBound]
    return signal > 0 && trace > 0 ? trace / signal : nil
  }

  /// The scale at each measurement over those around it, a tenth of all and at least eight.
  var points: [(x: Double, y: Double)] {
    let reach = max(4, count / 20)
    return steps.indices.map { index in
      let range = max(0, index - reach)..<min(count, index + reach)
      return (Double(steps[index]), value(over: range) ?? .nan)
    }
  }
}
