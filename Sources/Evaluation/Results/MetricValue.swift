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
    MetricValue(
      name: name, value: values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count),
      standardError: StandardError.mean(values), higherIsBetter: higherIsBetter)
  }
}
