import Formats

/// How evenly the experts of one layer were used in one update.
public struct RoutingMetrics: Sendable, Codable, Equatable {
  /// The layer, from 0.
  public var layer: Int
  /// Tokens of the busiest expert over the mean; 1 is even.
  public var largestOverMean: Double
  /// Entropy of the experts' choices over that of an even spread; 1 is even, 0 one expert for all.
  public var entropy: Double
  /// Share of the choices that found no room; 0 here, where no expert has a limit.
  public var dropped: Double

  /// Creates the figures of a layer.
  public init(layer: Int, largestOverMean: Double, entropy: Double, dropped: Double = 0) {
    self.layer = layer
    self.largestOverMean = largestOverMean
    self.entropy = entropy
    self.dropped = dropped
  }

  var json: JSON {
    .object([
      "layer": .integer(Int64(layer)), "largest_over_mean": .figure(largestOverMean), "entropy": .figure(entropy),
      "dropped": .figure(dropped),
    ])
  }

  init?(_ json: JSON) {
    guard let layer = json["layer"]?.intValue, layer >= 0 else { return nil }
    self.init(
      layer: layer, largestOverMean: json["largest_over_mean"]?.doubleValue ?? .nan,
      entropy: json["entropy"]?.doubleValue ?? .nan, dropped: json["dropped"]?.doubleValue ?? .nan)
  }
}
