public import Formats
public import Tensors

/// Attention through latents (MLA, DeepSeek-V2, arXiv:2405.04434): keys and values of all heads come from one short vector
/// for each token, beside which only one rotary key for all heads has to be remembered.
public struct LatentAttention: MixerKind {
  public static let name = "latent_attention"

  /// Query heads; nil: the model's.
  public var heads: Int?
  /// Width of the queries' latent; nil: queries come straight from the input.
  public var queryRank: Int?
  /// Width of the keys' and values' latent.
  public var latentRank: Int
  /// Elements of a head's query and key that do not turn, and that do.
  public var plainWidth, turnedWidth: Int
  /// Width of a value head.
  public var valueWidth: Int

  /// Latents of the given widths.
  public init(queryRank: Int?, latentRank: Int, plainWidth: Int, turnedWidth: Int, valueWidth: Int) {
    (self.queryRank, self.latentRank) = (queryRank, latentRank)
    (self.plainWidth, self.turnedWidth, self.valueWidth) = (plainWidth, turnedWidth, valueWidth)
  }

  public init(_ settings: inout Settings) throws {
    let width = 1...65_536
    heads = try settings.integer("heads", in: 1...1_000_000)
    queryRank = try settings.integer("q_lora_rank", in: width)
    latentRank = try settings.requiredInteger("kv_lora_rank", in: width)
    plainWidth = try settings.requiredInteger("qk_nope_head_dim", in: width)
    turnedWidth = try settings.requiredInteger("qk_rope_head_dim", in: width)
    valueWidth = try settings.requiredInteger("v_head_dim", in: width)
    guard turnedWidth % 2 == 0 else {
      throw settings.error("qk_rope_head_dim", "\(turnedWidth) is odd; rotary embeddings need pairs")
    }
  }

  public var settings: [String: JSON] {
    var members: [String: JSON] = [
      "kv_lora_rank": .integer(Int64(latentRank)), "qk_nope_head_dim": .integer(Int64(plainWidth)),
      "qk_rope_head_dim": .integer(Int64(turnedWidth)), "v_head_dim": .integer(Int64(valueWidth)),
    ]
    members["heads"] = heads.map { .integer(Int64($0)) }
    members["q_lora_rank"] = queryRank.map { .integer(Int64($0)) }
    return members
  }

  /// Width of a query and key head.
  var headWidth: Int { plainWidth + turnedWidth }
  func heads(_ site: LayerSite) -> Int { heads ?? site.configuration.headCount }

  /// Names, in the order of memory: what reads the input is multiplied as one.
  struct Names {
    let queryDown, queryNorm, query, down, norm, up, output: String

    init(_ site: LayerSite, hasQueryLatent: Bool) {
      let at = "\(site.name).self_attn"
      queryDown = "\(at).q_a_proj"
      queryNorm = "\(at).q_a_layernorm"
      query = hasQueryLatent ? "\(at).q_b_proj" : "\(at).q_proj"
      down = "\(at).kv_a_proj_with_mqa"
      norm = "\(at).kv_a_layernorm"
      up = "\(at).kv_b_proj"
      output = "\(at).o_proj"
    }
  }
  func names(_ site: LayerSite) -> Names { Names(site, hasQueryLatent: queryRank != nil) }

  public func declarations(_ site: LayerSite) -> [ParameterDeclaration] {
    let (c, names, heads) = (site.configuration, names(site), heads(site))
    func norm(_ name: String, _ width: Int) -> ParameterDeclaration { site.vector("\(name).weight", width, 1, .norm) }
    // Latents are whole on every rank of tensor parallelism; heads are divided.
    let first = queryRank ?? heads * headWidth
    var list = site.linear(
      [queryRank == nil ? names.query : names.queryDown, names.down], rows: [first, latentRank + turnedWidth],
      columns: c.hiddenSize, .attention, axis: nil, hasBias: queryRank != nil && c.queryKeyValueBias)
    if let queryRank {
      list.append(norm(names.queryNorm, queryRank))
      list += site.linear([names.query], rows: [heads * headWidth], columns: queryRank, .attention, axis: 0)
    }
    list.append(norm(names.norm, latentRank))
    list += site.linear([names.up], rows: [heads * (plainWidth + valueWidth)], columns: latentRank, .attention, axis: 0)
    return list
      + site.linear(
        [names.output], rows: [c.hiddenSize], columns: heads * valueWidth, .attention, axis: 1,
        writesToResidual: true, hasBias: c.attentionOutputBias)
  }

  public func check(_ site: LayerSite) throws {
    let heads = Double(heads(site)), hidden = Double(site.configuration.hiddenSize)
    let first = Double(queryRank ?? 0), latents = Double(latentRank + turnedWidth)
    try site.checkCountable(
      parameters: hidden * (first + latents + heads * Double(valueWidth)) + heads * Double(headWidth) * max(first, hidden)
        + Double(latentRank) * heads * Double(plainWidth + valueWidth), "heads")
    if queryRank == nil, site.configuration.queryKeyValueBias {
      throw SettingsError(
        key: "attention_bias", problem: "latent attention without q_lora_rank has no such biases; it must be false")
    }
  }

  func rotary(_ site: LayerSite) -> RotaryEmbedding {
    RotaryEmbedding(
      theta: site.configuration.ropeTheta, width: turnedWidth, scaling: site.configuration.ropeScaling)
  }

  public func rotaryEmbeddings(_ site: LayerSite) -> [RotaryEmbedding] { [rotary(site)] }

  public func makeMixer(_ store: ParameterStore, _ site: LayerSite) -> any Mixer { LatentMixer(store, site, self) }

  public func makeState(capacity: Int, _ site: LayerSite, in execution: Execution) -> any MixerState {
    AttentionState(capacity: capacity, keyWidth: latentRank + turnedWidth, valueWidth: 0, execution: execution)
  }

  public func stateBytes(tokens: Int, _ site: LayerSite, compute: DType) -> Int {
    tokens * (latentRank + turnedWidth) * compute.byteCount
  }

  public func trainingOperationsPerToken(sequenceLength: Int, _ site: LayerSite) -> Double {
    6 * Double(heads(site) * (headWidth + valueWidth)) * Double(sequenceLength) / 2
  }
}
