public import Formats
public import Tensors

/// Softmax attention. What a setting leaves out is as the model's configuration says.
public struct SoftmaxAttention: MixerKind {
  public static let name = "attention"

  /// How far a layer looks back.
  public enum Window: Hashable, Sendable {
    /// Over the whole document.
    case none
    /// At most so many tokens, the query's own included.
    case tokens(Int)
  }
  /// How queries and keys are normalised.
  public enum Normalization: String, Sendable, CaseIterable {
    case none, head, projection, unit
  }

  /// Query heads, key and value heads, the width of each.
  public var heads, keyValueHeads, headDimension: Int?
  /// Whether queries and keys are turned.
  public var rope: Bool?
  /// Base of this layer's frequencies, which are then not stretched.
  public var ropeTheta: Double?
  /// The share of each head that turns.
  public var ropeShare: Double?
  /// Whether scores fall with distance (ALiBi, arXiv:2108.12409).
  public var alibi: Bool?
  public var window: Window?
  /// Tokens see only their own chunk of so many (Llama 4).
  public var chunk: Int?
  /// A document's first tokens that are seen beyond window and chunk (StreamingLLM, arXiv:2309.17453).
  public var keptFirstTokens: Int?
  /// How scores grow with the text, where a layer without rotary embedding should stay sharp.
  public var temperature: AttentionTemperature?
  /// Whether the softmax has a column without value, whose score each head learns (gpt-oss).
  public var learnedSinks = false
  /// Scores x become `cap · tanh(x / cap)` (Gemma 2, arXiv:2408.00118).
  public var logitSoftCap: Double?
  /// What scores are multiplied by besides being divided by the root of the head's width.
  public var scoreFactor: Double?
  /// Whether all four projections have a bias.
  public var bias: Bool?
  public var queryKeyNorm: Normalization?
  /// Whether what attention gives is multiplied by the sigmoid of a projection (Qwen3-Next; arXiv:2505.06708): the
  /// queries' holds, head by head, queries and then gates.
  public var outputGate = false
  /// Texts longer than the trained context in chunks (arXiv:2402.17463): tokens of a chunk, and how far into one true
  /// distances to the chunk before are kept; together the trained context.
  public var dualChunk, dualChunkLocal: Int?
  /// Queries see only blocks of keys that they choose, and those nearby (arXiv:2502.13189).
  public var blocks: BlockSelection?

  /// Attention as the model's configuration says.
  public init() {}

  public init(_ settings: inout Settings) throws {
    heads = try settings.integer("heads", in: 1...1_000_000)
    keyValueHeads = try settings.integer("key_value_heads", in: 1...1_000_000)
    headDimension = try settings.integer("head_dimension", in: 1...65_536)
    rope = try settings.flag("rope")
    ropeTheta = try settings.number("rope_theta")
    ropeShare = try settings.number("rope_share", "a share above 0, at most 1") { $0 > 0 && $0 <= 1 }
    alibi = try settings.flag("alibi")
    window = settings.isNull("window") ? Window.none : try settings.integer("window").map(Window.tokens)
    chunk = try settings.integer("chunk")
    keptFirstTokens = try settings.integer("kept_first_tokens")
    if let scale = try settings.number("temperature_scale") {
      temperature = AttentionTemperature(scale: scale, interval: try settings.requiredInteger("temperature_interval"))
    }
    learnedSinks = try settings.flag("learned_sinks") ?? false
    logitSoftCap = try settings.number("logit_soft_cap")
    scoreFactor = try settings.number("score_factor")
    bias = try settings.flag("bias")
    queryKeyNorm = try settings.choice("qk_norm", Normalization.self)
    outputGate = try settings.flag("output_gate") ?? false
    dualChunk = try settings.integer("dual_chunk")
    dualChunkLocal = try settings.integer("dual_chunk_local")
    guard (dualChunk == nil) == (dualChunkLocal == nil) else {
      throw settings.error("dual_chunk", "dual_chunk and dual_chunk_local belong together; give both")
    }
    if let count = try settings.integer("selected_blocks") {
      let size = try settings.requiredInteger("block_size", in: 1...65_536)
      let local = try settings.integer("local_blocks") ?? 1
      blocks = BlockSelection(
        size: size, count: count, local: local, first: try settings.integer("first_blocks", in: 0...(1 << 30)) ?? 0)
    }
  }

  public var settings: [String: JSON] {
    var members: [String: JSON] = [:]
    members["heads"] = heads.map { .integer(Int64($0)) }
    members["key_value_heads"] = keyValueHeads.map { .integer(Int64($0)) }
    members["head_dimension"] = headDimension.map { .integer(Int64($0)) }
    members["rope"] = rope.map { .bool($0) }
    members["rope_theta"] = ropeTheta.map { .number($0) }
    members["rope_share"] = ropeShare.map { .number($0) }
    members["alibi"] = alibi.map { .bool($0) }
    switch window {
    case nil: break
    case Window.none?: members["window"] = .null
    case .tokens(let count)?: members["window"] = .integer(Int64(count))
    }
    members["chunk"] = chunk.map { .integer(Int64($0)) }
    members["kept_first_tokens"] = keptFirstTokens.map { .integer(Int64($0)) }
    members["temperature_scale"] = temperature.map { .number($0.scale) }
    members["temperature_interval"] = temperature.map { .integer(Int64($0.interval)) }
    if learnedSinks { members["learned_sinks"] = .bool(true) }
    members["logit_soft_cap"] = logitSoftCap.map { .number($0) }
    members["score_factor"] = scoreFactor.map { .number($0) }
    members["bias"] = bias.map { .bool($0) }
    members["qk_norm"] = queryKeyNorm.map { .string($0.rawValue) }
    if outputGate { members["output_gate"] = .bool(true) }
    members["dual_chunk"] = dualChunk.map { .integer(Int64($0)) }
    members["dual_chunk_local"] = dualChunkLocal.map { .integer(Int64($0)) }
    if let blocks {
      members["selected_blocks"] = .integer(Int64(blocks.count))
      members["block_size"] = .integer(Int64(blocks.size))
      members["local_blocks"] = .integer(Int64(blocks.local))
      members["first_blocks"] = .integer(Int64(blocks.first))
    }
    return members
  }

  public func check(_ site: LayerSite) throws {
    let shape = AttentionShape(self, site)
    try shape.check()
    let columns = Double(shape.queryWidth) * 3 + Double(shape.keyWidth) * 2
    try site.checkCountable(parameters: Double(site.configuration.hiddenSize) * columns, "heads")
    if outputGate, site.names.projection.count == 1 {
      throw SettingsError(key: "output_gate", problem: "this family's queries, keys and values are one matrix; leave it out")
    }
  }

  public func declarations(_ site: LayerSite) -> [ParameterDeclaration] {
    declarations(site, inputWidth: site.configuration.hiddenSize)
  }

  /// Those of attention that reads rows of another width than the residual stream's.
  func declarations(_ site: LayerSite, inputWidth: Int) -> [ParameterDeclaration] {
    let names = site.names
    let shape = AttentionShape(self, site)
    let queryRows = shape.queryWidth * (outputGate ? 2 : 1)
    // A projection in one holds the rows of all three.
    let rows =
      names.projection.count == 1
      ? [shape.queryWidth + 2 * shape.keyWidth] : [queryRows, shape.keyWidth, shape.keyWidth]
    var list = site.linear(
      names.projection, rows: rows, columns: inputWidth, .attention, axis: 0, hasBias: shape.hasBias)
    if rows.count == 1 { list[0].fusedRows = [shape.queryWidth, shape.keyWidth, shape.keyWidth] }
    if let queryKeyNorm = shape.queryKeyNorm, queryKeyNorm != .unit {
      list += site.norm(names.queryNorm, queryKeyNorm == .head ? shape.headDimension : shape.queryWidth)
      list += site.norm(names.keyNorm, queryKeyNorm == .head ? shape.headDimension : shape.keyWidth)
    }
    if learnedSinks {
      list.append(
        ParameterDeclaration(
          name: names.sinks, shape: [shape.heads],
          initialization: site.scheme.normal(standardDeviation: site.standardDeviation), shardAxis: 0,
          component: .attention))
    }
    return list
      + site.linear(
        [names.output], rows: [site.configuration.hiddenSize], columns: shape.queryWidth, .attention, axis: 1,
        writesToResidual: true, hasBias: shape.hasOutputBias)
  }

  public func rotaryEmbeddings(_ site: LayerSite) -> [RotaryEmbedding] {
    AttentionShape(self, site).rotary.map { [$0] } ?? []
  }

  public func makeMixer(_ store: ParameterStore, _ site: LayerSite) -> any Mixer {
    AttentionMixer(store, site, AttentionShape(self, site))
  }

  public func makeState(capacity: Int, _ site: LayerSite, in execution: Execution) -> any MixerState {
    let shape = AttentionShape(self, site)
    return AttentionState(
      capacity: capacity, keyWidth: shape.keyWidth, valueWidth: shape.keyWidth, blocks: blocks,
      reach: AttentionReach(shape), execution: execution)
  }

  public func stateBytes(tokens: Int, _ site: LayerSite, compute: DType) -> Int {
    let shape = AttentionShape(self, site)
    let (width, rows) = (shape.keyWidth, min(tokens, AttentionReach(shape)?.rows ?? tokens))
    return 2 * rows * width * compute.byteCount + (blocks.map { $0.blocks(for: tokens) * width * 4 } ?? 0)
  }

  public func trainingOperationsPerToken(sequenceLength: Int, _ site: LayerSite) -> Double {
    let shape = AttentionShape(self, site)
    return 12 * Double(shape.queryWidth) * shape.meanTokensSeen(of: sequenceLength)
  }
}
