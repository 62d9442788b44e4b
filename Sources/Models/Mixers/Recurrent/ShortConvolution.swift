import Tensors

/// The short causal convolution, with SiLU, before a recurrence.
struct ShortConvolution: Sendable {
  let weight: Parameter
  let bias: Parameter?

  init(_ store: ParameterStore, _ name: String, hasBias: Bool = false) {
    weight = store.required("\(name).weight")
    bias = hasBias ? store.required("\(name).bias") : nil
  }

  static func declarations(
    _ name: String, channels: Int, taps: Int, hasBias: Bool = false, _ site: LayerSite
  ) -> [ParameterDeclaration] {
    // As PyTorch draws a convolution with so few inputs a channel, by its standard deviation.
    let deviation = 1 / (3 * Float(taps)).squareRoot()
    let weight = ParameterDeclaration(
      name: "\(name).weight", shape: [channels, 1, taps], initialization: .normal(standardDeviation: deviation),
      shardAxis: 0, component: .attention)
    return [weight] + (hasBias ? [site.vector("\(name).bias", channels, 0, .attention, shardAxis: 0)] : [])
  }

  /// The rows that are remembered between steps.
  static func memory(channels: Int, taps: Int) -> MemoryShape { .rows(max(taps - 1, 1), channels) }
}
