import Foundation

/// A fitted law of the loss, `L(N, D) = E + A / N^α + B / D^β`, for `N` parameters trained on `D` tokens.
public struct LossLaw: Sendable, Equatable {
  public var name: String
  /// Where the fit was published.
  public var source: String
  /// E: the entropy of text that no model of the kind goes below, in nats a token.
  public var floor: Double
  /// A and α.
  public var size: (factor: Double, exponent: Double)
  /// B and β.
  public var data: (factor: Double, exponent: Double)

  /// States a law.
  public init(
    name: String, source: String, floor: Double, size: (factor: Double, exponent: Double),
    data: (factor: Double, exponent: Double)
  ) {
    self.name = name
    self.source = source
    self.floor = floor
    self.size = size
    self.data = data
  }

  /// The published fits. Chinchilla's numbers as its text prints them (1.69, 0.34, 0.28) are rounded so far that they
  /// predict another law; these are those of its source, which the second paper found.
  public static let published = [
    LossLaw(
      name: "Chinchilla", source: "Hoffmann and others, arXiv:2203.15556, approach 3, digits by arXiv:2404.10102",
      floor: 1.6934, size: (406.4, 0.3392), data: (410.7, 0.2849)),
    LossLaw(
      name: "Chinchilla, fitted again", source: "Besiroglu and others, arXiv:2404.10102", floor: 1.8172,
      size: (482.01, 0.3478), data: (2085.43, 0.3658)),
  ]

  /// The loss of `parameters` trained on `tokens`, in nats a token.
  public func loss(parameters: Double, tokens: Double) -> Double {
    floor + size.factor / pow(parameters, size.exponent) + data.factor / pow(tokens, data.exponent)
  }

  /// The split of `operations` = 6·N·D that gives the lowest loss.
  public func optimum(operations: Double) -> (parameters: Double, tokens: Double) {
    let (a, b) = (size.exponent, data.exponent)
    let balance = pow(a * size.factor / (b * data.factor), 1 / (a + b))
    let product = operations / 6
    let parameters = balance * pow(product, b / (a + b))
    return (parameters, product / parameters)
  }

  /// The least operations that reach `loss`; nil where nothing does.
  public func operations(reaching loss: Double) -> Double? {
    guard loss > floor else { return nil }
    var (low, high) = (log(1.0), log(1e60))
    for _ in 0..<200 {
      let middle = (low + high) / 2
      let best = optimum(operations: exp(middle))
      if self.loss(parameters: best.parameters, tokens: best.tokens) > loss { low = middle } else { high = middle }
    }
    return high < log(1e59) ? exp(high) : nil
  }

  /// Parameters below which no number of tokens reaches `loss`; nil where no model does.
  public func smallestModel(reaching loss: Double) -> Double? {
    guard loss > floor else { return nil }
    return pow(size.factor / (loss - floor), 1 / size.exponent)
  }

  public static func == (a: Self, b: Self) -> Bool {
    a.name == b.name && a.source == b.source && a.floor == b.floor && a.size == b.size && a.data == b.data
  }
}
