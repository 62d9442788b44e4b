import Foundation

/// Sharper attention in long texts (Llama 4; arXiv:2501.19399): the query at position p (from 0) is multiplied by
/// `1 + scale · ln(1 + ⌊(p + 1) / interval⌋)`.
public struct AttentionTemperature: Hashable, Sendable {
  public var scale: Double
  /// In tokens.
  public var interval: Int

  public init(scale: Double, interval: Int) {
    (self.scale, self.interval) = (scale, interval)
  }

  func factor(_ position: Int32) -> Float {
    Float(1 + scale * log1p(Double((Int(position) + 1) / interval)))
  }
}
