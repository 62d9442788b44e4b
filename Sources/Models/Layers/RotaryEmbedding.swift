import Foundation

/// The angles of a rotary embedding, as a value: how fast each pair turns.
public struct RotaryEmbedding: Hashable, Sendable {
  /// Base of the frequencies.
  public var theta: Double
  /// Elements of a head that turn, two for each frequency.
  public var width: Int
  public var scaling: ModelConfiguration.RopeScaling?

  /// An embedding that turns `width` elements.
  public init(theta: Double, width: Int, scaling: ModelConfiguration.RopeScaling? = nil) {
    (self.theta, self.width, self.scaling) = (theta, width, scaling)
  }

  /// Angle per position of each pair, stretched by the scaling.
  public var frequencies: [Double] {
    // theta^(-2i / d) (arXiv:2104.09864)
    let plain = (0..<width / 2).map { pow(theta, -2 * Double($0) / Double(width)) }
    switch scaling {
    case nil: return plain
    case .linear(let factor): return plain.map { $0 / factor }
    case .llama3(let factor, let low, let high, let original):
      // Llama 3.1: wavelengths longer than the trained context over `low` are divided, those shorter than it over
      // `high` stay, and between them a linear ramp in the number of turns.
      return plain.map { frequency in
        let turns = Double(original) * frequency / (2 * .pi)
        if turns > high { return frequency }
        if turns < low || high == low { return frequency / factor }
        let smooth = (turns - low) / (high - low)
        return (1 - smooth) * frequency / factor + smooth * frequency
      }
    case .yarn(let yarn):
      let bounds = yarn.bounds(theta: theta, width: width)
      return plain.enumerated().map { i, frequency in
        let ramp = min(max((Double(i) - bounds.lower) / (bounds.upper - bounds.lower), 0), 1)
        return frequency / yarn.factor * ramp + frequency * (1 - ramp)
      }
    }
  }

  /// What cosines and sines are multiplied by.
  public var attentionFactor: Double {
    guard case .yarn(let yarn) = scaling else { return 1 }
    return yarn.effectiveAttentionFactor
  }
}

/// YaRN's stretching (arXiv:2309.00071), with the choices that published configurations make.
public struct YaRN: Hashable, Sendable {
  /// How many times as long the context becomes.
  public var factor: Double
  /// The context that the model was trained for.
  public var originalContextLength: Int
  /// Pairs that turn more often than `betaFast` times in the trained context stay as they are, those that turn less often
  /// than `betaSlow` times are divided by the factor.
  public var betaFast = 32.0
  public var betaSlow = 1.0
  /// What queries and keys are multiplied by; nil: it follows from the factor.
  public var attentionFactor: Double?
  /// DeepSeek's: the attention factor is the ratio of what both give.
  public var mscale, mscaleAllDimensions: Double?
  /// Whether the bounds between the two kinds of pairs are whole numbers.
  public var truncates = true

  /// YaRN by `factor`, otherwise as the paper suggests.
  public init(factor: Double, originalContextLength: Int) {
    (self.factor, self.originalContextLength) = (factor, originalContextLength)
  }

  /// `0.1 · mscale · ln(factor) + 1`, what scores have to be sharpened by in a longer context.
  public func magnitude(_ mscale: Double) -> Double { factor <= 1 ? 1 : 0.1 * mscale * log(factor) + 1 }

  var effectiveAttentionFactor: Double {
    if let attentionFactor { return attentionFactor }
    guard let mscale, let mscaleAllDimensions, mscale != 0, mscaleAllDimensions != 0 else { return magnitude(1) }
    return magnitude(mscale) / magnitude(mscaleAllDimensions)
  }

  /// Between which pairs the ramp from kept to divided frequencies lies.
  func bounds(theta: Double, width: Int) -> (lower: Double, upper: Double) {
    func pair(turning times: Double) -> Double {
      Double(width) * log(Double(originalContextLength) / (times * 2 * .pi)) / (2 * log(theta))
    }
    var (lower, upper) = (pair(turning: betaFast), pair(turning: betaSlow))
    if truncates { (lower, upper) = (lower.rounded(.down), upper.rounded(.up)) }
    lower = max(lower, 0)
    upper = min(upper, Double(width - 1))
    return (lower, upper == lower ? upper + 0.001 : upper)
  }
}
