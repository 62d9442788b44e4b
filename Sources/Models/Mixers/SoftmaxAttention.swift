public import Formats
public import Tensors

/// Softmax attention, with the heads, positions and windows that the model's configuration says.
public struct SoftmaxAttention: MixerKind {
  public static let name = "attention"

  /// Attention as the model's configuration says.
  public init() {}

  public init(_ settings: inout Settings) throws {}

  public var settings: [String: JSON] { [:] }

  public func declarations(_ site: LayerSite) -> [ParameterDeclaration] {
    let c = site.configuration
    let names = site.names
    let queryWidth = c.headCount * c.headDimension
    let keyWidth = c.keyValueHeadCount * c.headDimension
    // A projection in one holds the rows of all three.
    let rows = names.projection.count == 1 ? [queryWidth + 2 * keyWidth] : [queryWidth, keyWidth, keyWidth]
    var list = site.linear(
      names.projection, rows: rows, columns: c.hiddenSize, .attention, axis: 0, hasBias: c.queryKeyValueBias)
    if rows.count == 1 { list[0].fusedRows = [queryWidth, keyWidth, keyWidth] }
    if let queryKeyNorm = c.queryKeyNorm {
      list += site.norm(names.queryNorm, queryKeyNorm == .head ? c.headDimension : queryWidth)
      list += site.norm(names.keyNorm, queryKeyNorm == .head ? c.headDimension : keyWidth)
    }
    return list
      + site.linear(
        [names.output], rows: [c.hiddenSize], columns: queryWidth, .attention, axis: 1, writesToResidual: true,
        hasBias: c.attentionOutputBias)
  }

  public func makeMixer(_ store: ParameterStore, _ site: LayerSite) -> any Mixer { AttentionMixer(store, site) }

  public func makeState(capacity: Int, _ site: LayerSite, in execution: Execution) -> any MixerState {
    AttentionState(capacity: capacity, configuration: site.configuration, execution: execution)
  }

  public func stateBytes(tokens: Int, _ site: LayerSite, compute: DType) -> Int {
    2 * tokens * site.configuration.keyValueHeadCount * site.configuration.headDimension * compute.byteCount
  }

  /// `12 · H · c`, where `H` is heads × head width and `c` the mean number of tokens attended to: `T/2` over `T` tokens,
  /// `w − w²/2T` inside a window of `w`.
  public func trainingOperationsPerToken(sequenceLength: Int, _ site: LayerSite) -> Double {
    let c = site.configuration
    let length = Double(sequenceLength)
    let window = min(length, c.slidingWindow(layer: site.layer).map(Double.init) ?? length)
    return 12 * Double(c.headCount * c.headDimension) * (window - window * window / (2 * length))
  }
}
