import Foundation

/// One axis of a chart: the range it shows, its ticks, and where a value lies on it.
struct Axis {
  enum Scale { case linear, logarithmic }

  let low: Double
  let high: Double
  let scale: Scale
  let ticks: [Double]

  /// An axis over all finite `values`, with about `count` ticks.
  ///
  /// - Parameter fromZero: Whether a linear axis begins at 0.
  init(_ values: some Sequence<Double>, scale: Scale, fromZero: Bool = false, tight: Bool = false, count: Int = 5) {
    var low = Double.infinity
    var high = -Double.infinity
    for value in values where value.isFinite && (scale == .linear || value > 0) {
      low = min(low, value)
      high = max(high, value)
    }
    if low > high { (low, high) = scale == .linear ? (0, 1) : (1, 10) }
    if fromZero && scale == .linear { low = min(0, low) }
    if high - low <= abs(high) * 1e-9 {
      let room = high == 0 ? 1 : abs(high) * 0.1
      (low, high) = (fromZero || scale == .logarithmic ? low : low - room, high + room)
    }
    if scale == .logarithmic {
      let ticks = Self.logarithmicTicks(low, high, count: count)
      self.init(low: low / pow(high / low, 0.04), high: high * pow(high / low, 0.04), scale: scale, ticks: ticks)
      return
    }
    let step = Self.niceStep((high - low) / Double(count))
    let first = (low / step).rounded(tight ? .up : .down) * step
    let last = (high / step).rounded(tight ? .down : .up) * step
    var ticks: [Double] = []
    for index in 0...64 {
      let tick = first + Double(index) * step
      if tick > last + step * 0.01 { break }
      ticks.append(abs(tick) < step * 1e-6 ? 0 : tick)
    }
    self.init(low: tight ? low : first, high: tight ? high : last, scale: scale, ticks: ticks)
  }

  private init(low: Double, high: Double, scale: Scale, ticks: [Double]) {
    self.low = low
    self.high = high
    self.scale = scale
    self.ticks = ticks
  }

  /// Where `value` lies between the ends: 0 at `low`, 1 at `high`; `nil` for what the axis cannot show.
  func position(_ value: Double) -> Double? {
    guard value.isFinite else { return nil }
    if scale == .linear { return (value - low) / (high - low) }
    guard value > 0 else { return nil }
    return log(value / low) / log(high / low)
  }

  /// The value at a position between the ends.
  func value(at position: Double) -> Double {
    scale == .linear ? low + (high - low) * position : low * pow(high / low, position)
  }

  /// The smallest of 1, 2, 2.5 and 5 times a power of ten that is at least `raw`.
  static func niceStep(_ raw: Double) -> Double {
    guard raw.isFinite, raw > 0 else { return 1 }
    let power = pow(10, log10(raw).rounded(.down))
    return ([1, 2, 2.5, 5, 10].first { $0 * power >= raw * 0.999 } ?? 10) * power
  }

  /// Round values between two ends of a logarithmic axis: powers of ten and their multiples, or an even step where
  /// the range is less than a decade.
  private static func logarithmicTicks(_ low: Double, _ high: Double, count: Int) -> [Double] {
    let decades = log10(high / low)
    if decades < 0.5 {
      let step = niceStep((high - low) / Double(count))
      let first = (low / step).rounded(.up)
      return (0...16).map { (first + Double($0)) * step }.filter { $0 <= high }
    }
    let bottom = Int(log10(low).rounded(.down))
    let top = Int(log10(high).rounded(.up))
    guard top - bottom <= 40 else { return [low, high] }
    for multiples in [[1.0, 1.5, 2, 3, 4, 5, 6, 8], [1, 2, 3, 5], [1, 3], [1]] as [[Double]] {
      let ticks = (bottom...top).flatMap { power in multiples.map { $0 * pow(10, Double(power)) } }
      let inside = ticks.filter { $0 >= low * 0.999 && $0 <= high * 1.001 }
      if inside.count <= count + 3 { return inside }
    }
    let stride = max(1, (top - bottom) / count)
    return Swift.stride(from: bottom, through: top, by: stride).map { pow(10, Double($0)) }
      .filter { $0 >= low && $0 <= high }
  }
}
