import Foundation

/// A figure of a task with its uncertainty.
public struct MetricValue: Sendable, Equatable {
  /// Its name, as in `acc_norm`.
  public var name: String
  /// Its value.
  public var value: Double
  /// Its standard error; nil where it is not known.
  public var standardError: Double?
  /// Whether more is better.
  public var higherIsBetter: Bool

  /// Creates a figure.
  public init(name: String, value: Double, standardError: Double?, higherIsBetter: Bool = true) {
    self.name = name
    self.value = value
    self.standardError = standardError
    self.higherIsBetter = higherIsBetter
  }

  /// The mean of some values, with the standard error sd / sqrt(n), where sd divides by n - 1.
  public static func mean(_ name: String, _ values: [Double], higherIsBetter: Bool = true) -> MetricValue {
    let count = Double(values.count)
    let mean = values.isEmpty ? 0 : values.reduce(0, +) / count
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return MetricValue(
      name: name, value: mean, standardError: values.count < 2 ? nil : (squares / (count - 1) / count).squareRoot(),
      higherIsBetter: higherIsBetter)
  }
}
