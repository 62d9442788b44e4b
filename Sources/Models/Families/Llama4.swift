import Formats
import OrderedCollections
import Tensors

extension ModelConfiguration.Family {
  /// The language models of Llama 4: chunks, every fourth layer without positions, experts in some layers.
  public static let llama4 = Self(Llama4Family.self)
}

enum Llama4Family: ModelFamily {
  static let modelTypes = ["llama4_text"]
  static let visionModelType: String? = "llama4"
  static let architecture = "Llama4ForCausalLM"
  static let keys = HuggingFaceKeys(intermediate: "intermediate_size_mlp")
  static let standards = HuggingFaceStandards(
    vocabulary: 202_048, hidden: 5120, intermediate: 16_384, layers: 48, heads: 40, keyValueHeads: 8,
    headDimension: 128, epsilon: 1e-5, contextLength: 131_072, ropeTheta: 500_000)

  static func prepare(_ c: inout ModelConfiguration) { c.ropeInterleaved = true }

  static func read(_ reader: HuggingFaceConfigurationReader, into c: inout ModelConfiguration) throws {
    // An empty list means the standard one.
    let listsRope = reader.value("no_rope_layers")?.arrayValue?.isEmpty == false
    let interval = try reader.size("no_rope_layer_interval", limit: 100_000, missing: 4)
    c.noRopeInterval =
      listsRope ? try reader.noRopeInterval(layers: c.layerCount) : interval <= c.layerCount ? interval : nil
    try reader.readAttention(into: &c)
    let temperature = AttentionTemperature(
      scale: try reader.positive("attn_scale", missing: 0.1), interval: try reader.size("floor_scale", missing: 8192))
    // Published files give it as a number too.
    let isTempered = try reader.value("attn_temperature_tuning")?.intValue.map { $0 != 0 }
      ?? reader.flag("attn_temperature_tuning", missing: true)
    let types = try reader.layerTypes(["chunked_attention", "full_attention"], layers: c.layerCount)
    let isNull = reader.json["attention_chunk_size"]?.isNull == true
    c.setMixers(
      chunk: isNull ? nil : try reader.size("attention_chunk_size", missing: 8192),
      isChunked: types?.map { $0 == "chunked_attention" },
      norm: try reader.flag("use_qk_norm", missing: true), temperature: isTempered ? temperature : nil)
    c.setExperts(
      count: try reader.size("num_local_experts", limit: 65_536, missing: 16),
      chosen: try reader.size("num_experts_per_tok", limit: 65_536, missing: 1),
      width: try reader.size("intermediate_size", missing: 8192),
      layers: try reader.layers("moe_layers", of: c.layerCount) ?? {
        let step = try reader.size("interleave_moe_layer_step", limit: 100_000, missing: 1)
        return Set((0..<c.layerCount).filter { ($0 + 1) % step == 0 })
      }())
  }

  static func members(_ c: ModelConfiguration) -> OrderedDictionary<String, JSON> {
    var members = c.attentionMembers
    let layers = (0..<c.layerCount).map { c.mixer(layer: $0) as? SoftmaxAttention }
    members["no_rope_layers"] = .array((0..<c.layerCount).map { .integer(c.usesRope(layer: $0) ? 1 : 0) })
    members["layer_types"] = .array(layers.map { .string($0?.chunk == nil ? "full_attention" : "chunked_attention") })
    members["attention_chunk_size"] = layers.compactMap { $0?.chunk }.first.map { .integer(Int64($0)) } ?? .null
    members["use_qk_norm"] = .bool(layers.contains { $0?.queryKeyNorm == .unit })
    let temperature = layers.compactMap { $0?.temperature }.first
    members["attn_temperature_tuning"] = .bool(temperature != nil)
    members["attn_scale"] = temperature.map { .number($0.scale) }
    members["floor_scale"] = temperature.map { .integer(Int64($0.interval)) }
    let experts = c.expertLayers
    members["moe_layers"] = .array(experts.map { .integer(Int64($0.layer)) })
    if let kind = experts.first?.kind {
      members["num_local_experts"] = .integer(Int64(kind.router.experts))
      members["num_experts_per_tok"] = .integer(Int64(kind.router.chosen))
      members["intermediate_size"] = .integer(Int64(kind.width))
    }
    return members
  }

  static func block(_ at: String, _ c: ModelConfiguration) -> ParameterNames.Block {
    var names = ParameterNames.Block(at, norms: c.normPlacement)
    let layer = "\(at).feed_forward"
    names.feedForwardInputs = ["\(layer).gate_proj", "\(layer).up_proj"]
    names.feedForwardOutput = "\(layer).down_proj"
    names.experts = .init(layer, router: "router")
    names.experts.shared = "\(layer).shared_expert"
    return names
  }

  static func place(of parameter: ParameterDeclaration, in c: ModelConfiguration) -> StoredPlace? {
    StoredPlace.fusedExpert(parameter, in: c, takingTurns: false)
  }

  static let presets: [Preset] = [
    preset("llama-4-scout-17b-16e", experts: 16, step: 1, norm: true, context: 10_485_760, scaling: 16),
    preset("llama-4-maverick-17b-128e", experts: 128, step: 2, norm: false, context: 1_048_576, scaling: nil),
  ]

  private static func preset(
    _ name: String, experts: Int, step: Int, norm: Bool, context: Int, scaling: Double?
  ) -> Preset {
    var c = ModelConfiguration(
      family: .llama4, vocabularySize: 202_048, hiddenSize: 5120, intermediateSize: 16_384, layerCount: 48,
      headCount: 40, keyValueHeadCount: 8, headDimension: 128, contextLength: context, ropeTheta: 500_000,
      ropeScaling: scaling.map {
        .llama3(factor: $0, lowFrequencyFactor: 1, highFrequencyFactor: 1, originalContextLength: 8192)
      }, noRopeInterval: 4, normEpsilon: 1e-5, beginOfTextToken: 200_000, endOfTextToken: 200_001)
    c.setMixers(
      chunk: 8192, isChunked: nil, norm: norm, temperature: AttentionTemperature(scale: 0.1, interval: 8192))
    c.setExperts(
      count: experts, chosen: 1, width: 8192, layers: Set((0..<48).filter { ($0 + 1) % step == 0 }))
    return Preset(name, "the language model of Llama 4, chunks and experts", c)
  }
}

extension ModelConfiguration {
  /// Layers with rotary embedding see their chunk, with normalised queries and keys; the others see everything, sharper
  /// the longer the text.
  /// - Parameter isChunked: where it differs from that.
  fileprivate mutating func setMixers(
    chunk: Int?, isChunked: [Bool]?, norm: Bool, temperature: AttentionTemperature?
  ) {
    mixers = LayerPattern(
      byLayer: (0..<layerCount).map { layer in
        var kind = SoftmaxAttention()
        if isChunked?[layer] ?? usesRope(layer: layer) { kind.chunk = chunk }
        if usesRope(layer: layer) { kind.queryKeyNorm = norm ? .unit : nil } else { kind.temperature = temperature }
        return kind
      })
  }

  /// Experts beside one for all tokens in some layers; their weights multiply what they read.
  fileprivate mutating func setExperts(count: Int, chosen: Int, width: Int, layers: Set<Int>) {
    var kind = ExpertsFeedForward(RouterSpecification(experts: count, chosen: chosen, scores: .sigmoid), width: width)
    kind.sharedWidth = width
    kind.weightsInputs = true
    feedForwards = LayerPattern(
      byLayer: (0..<layerCount).map { layers.contains($0) ? kind as any FeedForwardKind : DenseFeedForward() })
  }
}
