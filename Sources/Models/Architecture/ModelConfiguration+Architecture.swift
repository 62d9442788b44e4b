public import Formats
import OrderedCollections

/// What a configuration file says of an architecture beyond sizes: the section `architecture` of a run, and of the
/// `config.json` of models that no published family describes.
extension ModelConfiguration {
  /// Takes the settings of an architecture over this configuration.
  /// - Parameter path: where the settings stand, for errors.
  /// - Throws: `SettingsError` naming key, value and what would be right.
  public mutating func apply(architecture json: JSON, path: String) throws {
    var settings = try Settings(json, path: path)
    if let given = try settings.choice("norm", NormKind.self) { norm = given }
    if let given = try settings.choice("norm_placement", NormPlacement.self) { normPlacement = given }
    if let given = try settings.choice("activation", Activation.self) { activation = given }
    if let given = try settings.choice("positions", Positions.self) { positions = given }
    if let given = try settings.choice("qk_norm", QueryKeyNorm.self) { queryKeyNorm = given }
    if let given = try settings.flag("attention_bias") { (queryKeyValueBias, attentionOutputBias) = (given, given) }
    if let given = try settings.flag("attention_output_bias") { attentionOutputBias = given }
    if let given = try settings.flag("mlp_bias") { feedForwardBias = given }
    if let given = try settings.flag("scale_embedding") { scalesEmbedding = given }
    if let given = try settings.number("logit_soft_cap") { logitSoftCap = given }
    if let given = try settings.number("embedding_factor") { embeddingFactor = given }
    if let given = try settings.integer("attention_scalar") { attentionScalar = given }
    if let given = try settings.number("logit_factor") { logitFactor = given }
    if let given = try settings.integer("no_rope_interval") { noRopeInterval = given }
    if let given = try settings.integer("sliding_window") { slidingWindow = given }
    if let given = try settings.integer("full_attention_interval") { fullAttentionInterval = given }
    if let given = try settings.number("local_rope_theta") { localRopeTheta = given }
    let share = "a share above 0, at most 1"
    if let given = try settings.number("rope_share", share, where: { $0 > 0 && $0 <= 1 }) { ropeShare = given }
    if let given = try settings.flag("rope_interleaved") { ropeInterleaved = given }
    func pattern<Kind>(_ key: String, _ read: (inout Settings) throws -> Kind) throws -> LayerPattern<Kind>? {
      try settings.list(key).map { try Self.pattern($0, at: settings.path(key), read) }
    }
    mixers = try pattern("mixers") { try $0.kind(among: MixerRegistry.kinds) } ?? mixers
    feedForwards = try pattern("feed_forwards") { try $0.kind(among: FeedForwardRegistry.kinds) } ?? feedForwards
    mixerFactors = try pattern("mixer_factors", ResidualFactors.init) ?? mixerFactors
    feedForwardFactors = try pattern("feed_forward_factors", ResidualFactors.init) ?? feedForwardFactors
    try settings.finish()
    family = .apus
  }

  /// Checks every layer's settings against the sizes.
  public func checkLayers() throws {
    for layer in 0..<layerCount {
      let site = LayerSite(self, layer: layer)
      try mixer(layer: layer).check(site)
      try feedForward(layer: layer).check(site)
    }
  }

  /// The settings that ``apply(architecture:path:)`` reads.
  public var architectureSettings: JSON {
    var members: OrderedDictionary<String, JSON> = [
      "norm": .string(norm.rawValue), "norm_placement": .string(normPlacement.rawValue),
      "activation": .string(activation.rawValue), "positions": .string(positions.rawValue),
      "mlp_bias": .bool(feedForwardBias), "scale_embedding": .bool(scalesEmbedding),
      "mixers": .array(mixers.kinds.map { $0.json }), "feed_forwards": .array(feedForwards.kinds.map { $0.json }),
    ]
    members["attention_bias"] = .bool(queryKeyValueBias)
    if attentionOutputBias != queryKeyValueBias { members["attention_output_bias"] = .bool(attentionOutputBias) }
    members["qk_norm"] = queryKeyNorm.map { .string($0.rawValue) }
    if embeddingFactor != 1 { members["embedding_factor"] = .number(embeddingFactor) }
    members["logit_soft_cap"] = logitSoftCap.map { .number($0) }
    members["attention_scalar"] = attentionScalar.map { .integer(Int64($0)) }
    if logitFactor != 1 { members["logit_factor"] = .number(logitFactor) }
    members["no_rope_interval"] = noRopeInterval.map { .integer(Int64($0)) }
    members["sliding_window"] = slidingWindow.map { .integer(Int64($0)) }
    members["full_attention_interval"] = fullAttentionInterval.map { .integer(Int64($0)) }
    members["local_rope_theta"] = localRopeTheta.map { .number($0) }
    if mixerFactors != LayerPattern([ResidualFactors()]) {
      members["mixer_factors"] = .array(mixerFactors.kinds.map(\.settings))
    }
    if feedForwardFactors != LayerPattern([ResidualFactors()]) {
      members["feed_forward_factors"] = .array(feedForwardFactors.kinds.map(\.settings))
    }
    if ropeShare != 1 { members["rope_share"] = .number(ropeShare) }
    if ropeInterleaved { members["rope_interleaved"] = .bool(true) }
    return .object(members)
  }

  /// What `read` makes of each of a list of mappings, for as many `layers` (1) as it says.
  private static func pattern<Kind>(
    _ list: [(path: String, value: JSON)], at path: String, _ read: (inout Settings) throws -> Kind
  ) throws -> LayerPattern<Kind> {
    guard !list.isEmpty else { throw SettingsError(key: path, problem: "the list is empty; it is repeated over the layers") }
    return LayerPattern(
      try list.flatMap { path, value in
        var settings = try Settings(value, path: path)
        let kind = try read(&settings)
        let layers = try settings.integer("layers", in: 1...100_000) ?? 1
        try settings.finish()
        return Array(repeating: kind, count: layers)
      })
  }
}
