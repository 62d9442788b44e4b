public import Formats
public import Tensors

/// A mixer that a transformer block prompts, which several layers share (Zamba2, arXiv:2411.15242).
///
/// The block reads the residual stream and the embeddings side by side; a projection of the layer's own takes what it
/// gives to the mixer's input, not to the stream. The parameters of each shared block are declared by the first layer
/// that has it; every layer adds low-rank matrices of its own to the shared ones.
public struct SharedBlock: MixerKind {
  public static let name = "shared_block"
  /// What mixes the tokens after all.
  public var mixer: AnyMixerKind
  /// The block's attention, which reads twice the model's width.
  public var attention = SoftmaxAttention()
  /// Different blocks, which the layers that have one take in turns.
  public var count = 1
  /// Width of the low-rank matrices.
  public var rank = 128
  /// Whether queries, keys and values have low-rank matrices too, not only gate and up.
  public var adaptsAttention = false
  public var readsStream: Bool { true }

  /// A shared block before a mixer.
  public init(_ mixer: any MixerKind) { self.mixer = AnyMixerKind(mixer) }

  public init(_ settings: inout Settings) throws {
    guard let given = try settings.nested("mixer", AnyMixerKind.init) else {
      throw settings.error("mixer", "missing; it is what the shared block is put before")
    }
    mixer = given
    attention = try settings.nested("attention") { try $0.kind(among: [SoftmaxAttention.self]) } ?? attention
    count = try settings.integer("blocks", in: 1...1000) ?? count
    rank = try settings.integer("rank", in: 1...65_536) ?? rank
    adaptsAttention = try settings.flag("adapts_attention") ?? false
  }

  public var settings: [String: JSON] {
    [
      "mixer": mixer.kind.json, "attention": attention.json, "blocks": JSON(count), "rank": JSON(rank),
      "adapts_attention": .bool(adaptsAttention),
    ]
  }

  public func check(_ site: LayerSite) throws {
    let c = site.configuration
    guard c.normPlacement == .before else {
      throw SettingsError(key: "norm_placement", problem: "a shared_block has norms before its branches: before")
    }
    let at = SharedBlockPlace(self, site)
    try attention.check(at.block)
    try mixer.check(at.own)
    let all = (0..<c.layerCount).compactMap { c.mixer(layer: $0) as? SharedBlock }
    guard all.allSatisfy({ $0.attention == attention && $0.count == count }) else {
      throw SettingsError(key: "mixers", problem: "what layers share is one: give each shared_block the same attention")
    }
    try site.checkCountable(parameters: Double(rank) * Double(2 * c.hiddenSize + c.intermediateSize), "rank")
  }

  public func declarations(_ site: LayerSite) -> [ParameterDeclaration] {
    let (at, width) = (SharedBlockPlace(self, site), site.configuration.hiddenSize)
    var list = at.isFirst ? sharedDeclarations(at) : []
    for adapter in at.adapters {
      list += LowRankMatrices.declarations(
        adapter.names, rows: adapter.rows, rank: rank, columns: adapter.columns, adapter.component, site)
    }
    list += site.linear(["\(site.name).linear"], rows: [width], columns: width, .attention, axis: 1)
    return list + site.norm(at.own.names.normBeforeAttention, width) + mixer.kind.declarations(at.own)
  }

  private func sharedDeclarations(_ at: SharedBlockPlace) -> [ParameterDeclaration] {
    let (names, width) = (at.block.names, at.block.configuration.hiddenSize)
    return at.block.norm(names.normBeforeAttention, 2 * width) + attention.declarations(at.block, inputWidth: 2 * width)
      + at.block.norm(names.normBeforeFeedForward, width) + DenseFeedForward().declarations(at.block)
  }

  public func makeMixer(_ store: ParameterStore, _ site: LayerSite) -> any Mixer { SharedBlockMixer(store, site, self) }

  public func makeState(capacity: Int, _ site: LayerSite, in execution: Execution) -> any MixerState {
    let at = SharedBlockPlace(self, site)
    return ParallelState(parts: [
      attention.makeState(capacity: capacity, at.block, in: execution),
      mixer.kind.makeState(capacity: capacity, at.own, in: execution),
    ])
  }

  public func stateBytes(tokens: Int, _ site: LayerSite, compute: DType) -> Int {
    let at = SharedBlockPlace(self, site)
    return attention.stateBytes(tokens: tokens, at.block, compute: compute)
      + mixer.kind.stateBytes(tokens: tokens, at.own, compute: compute)
  }

  /// Parameters that another layer has declared are multiplied with here too.
  public func trainingOperationsPerToken(sequenceLength: Int, _ site: LayerSite) -> Double {
    let at = SharedBlockPlace(self, site)
    let again = at.isFirst ? 0 : sharedDeclarations(at).reduce(0) { $0 + 6 * Double($1.count) }
    return again + attention.trainingOperationsPerToken(sequenceLength: sequenceLength, at.block)
      + mixer.kind.trainingOperationsPerToken(sequenceLength: sequenceLength, at.own)
  }

  public func rotaryEmbeddings(_ site: LayerSite) -> [RotaryEmbedding] {
    let at = SharedBlockPlace(self, site)
    return attention.rotaryEmbeddings(at.block) + mixer.kind.rotaryEmbeddings(at.own)
  }
}

/// Where the parameters of a layer with a shared block stand, by Zamba2's names.
struct SharedBlockPlace {
  /// Those that are shared, at the first layer that has the block.
  let block: LayerSite
  let isFirst: Bool
  /// Those of the layer's own mixer.
  let own: LayerSite
  /// Its low-rank matrices: those of attention, if it has such, then those of the feed-forward layer.
  let adapters: [Adapter]

  struct Adapter {
    let names: [String]
    /// Outputs of each, and their inputs.
    let rows: [Int], columns: Int
    let component: ParameterDeclaration.Component
  }

  init(_ kind: SharedBlock, _ site: LayerSite) {
    let c = site.configuration
    let layers = (0..<c.layerCount).filter { c.mixer(layer: $0) is SharedBlock }
    let number = layers.firstIndex(of: site.layer) ?? 0
    let first = layers.isEmpty ? site.layer : layers[number % kind.count]
    block = site.part("shared_transformer", ofLayer: first)
    isFirst = first == site.layer
    own = site.part("mamba_decoder")
    let shape = AttentionShape(kind.attention, block)
    let at = block.name
    let ofAttention = Adapter(
      names: ["q", "k", "v"].map { "\(at).self_attn.linear_\($0)_adapter_list.\(number)" },
      rows: [shape.queryWidth, shape.keyWidth, shape.keyWidth], columns: 2 * c.hiddenSize, component: .attention)
    let ofFeedForward = Adapter(
      names: ["\(at).feed_forward.gate_up_proj_adapter_list.\(number)"],
      rows: [MLPPlan(DenseFeedForward(), block).innerWidth], columns: c.hiddenSize, component: .feedForward)
    adapters = kind.adaptsAttention ? [ofAttention, ofFeedForward] : [ofFeedForward]
  }
}
