import Formats
import OrderedCollections
import Tensors

extension ModelConfiguration.Family {
  /// MiniMax-01 (arXiv:2501.08313): lightning attention, softmax attention in every eighth layer, Mixtral's experts,
  /// a normalised residual stream.
  public static let miniMax = Self(MiniMaxFamily.self)
}

enum MiniMaxFamily: ModelFamily {
  static let modelTypes = ["minimax"]
  static let architecture = "MiniMaxForCausalLM"
  static let standards = MixtralFamily.standards
  static let mayHaveAttentionBias = MixtralFamily.mayHaveAttentionBias

  static func prepare(_ c: inout ModelConfiguration) { c.normPlacement = .stream }

  static func read(_ reader: HuggingFaceConfigurationReader, into c: inout ModelConfiguration) throws {
    try MixtralFamily.read(reader, into: &c)
    // transformers turns heads whole; the published weights, whose file says so, were trained otherwise.
    let turned = try reader.size("rotary_dim", limit: c.headDimension, missing: c.headDimension)
    c.ropeShare = Double(turned) / Double(c.headDimension)
    func factors(_ name: String) throws -> ResidualFactors {
      ResidualFactors(
        stream: try reader.number("\(name)_alpha_factor", missing: 1),
        branch: try reader.number("\(name)_beta_factor", missing: 1))
    }
    let types = try reader.layerTypes(["linear_attention", "full_attention"], layers: c.layerCount)
    c.setLayers(
      isFull: types?.map { $0 == "full_attention" } ?? (0..<c.layerCount).map { $0 % 2 == 0 },
      full: try factors("full_attn"), linear: try factors("linear_attn"), feedForward: try factors("mlp"))
  }

  static func members(_ c: ModelConfiguration) -> OrderedDictionary<String, JSON> {
    var members = MixtralFamily.members(c)
    let isFull = (0..<c.layerCount).map { c.mixer(layer: $0) is SoftmaxAttention }
    members["layer_types"] = .array(isFull.map { .string($0 ? "full_attention" : "linear_attention") })
    func set(_ name: String, _ factors: ResidualFactors?) {
      members["\(name)_alpha_factor"] = .number(factors?.stream ?? 1)
      members["\(name)_beta_factor"] = .number(factors?.branch ?? 1)
    }
    set("full_attn", isFull.firstIndex(of: true).map { c.mixerFactors[$0] })
    set("linear_attn", isFull.firstIndex(of: false).map { c.mixerFactors[$0] })
    set("mlp", c.feedForwardFactors[0])
    if c.ropeShare < 1 { members["rotary_dim"] = .integer(Int64((Double(c.headDimension) * c.ropeShare).rounded())) }
    return members
  }

  static func block(_ at: String, _ c: ModelConfiguration) -> ParameterNames.Block { MixtralFamily.block(at, c) }

  static let presets: [Preset] = [
    Preset(
      "minimax-01", "MiniMax-01, seven layers of lightning attention, then one of softmax (arXiv:2501.08313)",
      published)
  ]

  private static var published: ModelConfiguration {
    var c = ModelConfiguration(
      family: .miniMax, vocabularySize: 200_064, hiddenSize: 6144, intermediateSize: 9216, layerCount: 80,
      headCount: 64, keyValueHeadCount: 8, headDimension: 128, contextLength: 10_240_000, ropeTheta: 1e7,
      normEpsilon: 1e-5, endOfTextToken: 200_020)
    c.ropeShare = 0.5
    let factors = ResidualFactors(stream: 3.5565588200778455)
    c.setLayers(isFull: (1...80).map { $0 % 8 == 0 }, full: factors, linear: factors, feedForward: factors)
    let experts = ExpertsFeedForward(
      RouterSpecification(experts: 32, chosen: 2, normalizesWeights: true), width: 9216)
    c.feedForwards = LayerPattern([experts.balanced(by: 0.001, layers: 80)])
    return c
  }
}

extension ModelConfiguration {
  /// Softmax attention in the layers marked so, lightning attention in the others, each with its factors.
  fileprivate mutating func setLayers(
    isFull: [Bool], full: ResidualFactors, linear: ResidualFactors, feedForward: ResidualFactors
  ) {
    mixers = LayerPattern(byLayer: isFull.map { $0 ? SoftmaxAttention() as any MixerKind : LightningAttention() })
    mixerFactors = LayerPattern(byLayer: isFull.map { $0 ? full : linear })
    feedForwardFactors = LayerPattern([feedForward])
  }
}
