public import Models

/// Operations of a whole training, and the machines that they take.
public struct TrainingCompute: Sendable, Equatable {
  /// `6 · N · D` over the parameters that a token meets, the estimate of scaling laws (arXiv:2001.08361).
  public var estimate: Double
  /// With attention over the sequence and the output head counted as they are.
  public var exact: Double

  /// The operations of training `model` on `tokens` tokens in sequences of `sequenceLength`.
  public init(_ model: ModelConfiguration, tokens: Double, sequenceLength: Int) {
    estimate = 6 * Double(model.parameterCounts.active) * tokens
    exact = model.trainingOperationsPerToken(sequenceLength: sequenceLength) * tokens
  }

  /// Devices that do `operations` in `seconds`, each at `peak` operations a second of which it reaches the share
  /// `utilization`.
  public static func devices(operations: Double, peak: Double, utilization: Double, seconds: Double) -> Double {
    operations / (peak * utilization * seconds)
  }
}

/// One phase of a project: so many devices for so many days.
public struct DevicePhase: Sendable, Equatable {
  public var name: String
  public var devices: Double
  public var days: Double

  public init(name: String, devices: Double, days: Double) {
    (self.name, self.devices, self.days) = (name, devices, days)
  }

  /// Devices times hours.
  public var deviceHours: Double { devices * days * 24 }
}
