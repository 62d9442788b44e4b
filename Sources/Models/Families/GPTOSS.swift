import Formats
import OrderedCollections
import Tensors

extension ModelConfiguration.Family {
  /// gpt-oss (arXiv:2508.10925): experts with biases and a clamped activation, every other layer with a window, learned
  /// sinks.
  public static let gptOSS = Self(GPTOSSFamily.self)
}

enum GPTOSSFamily: ModelFamily {
  static let modelTypes = ["gpt_oss"]
  static let architecture = "GptOssForCausalLM"
  static let standards = HuggingFaceStandards(
    keyValueHeads: 8, headDimension: 64, epsilon: 1e-5, contextLength: 131_072, ropeTheta: 150_000)

  static let quantization: String? = "mxfp4"

  static func prepare(_ c: inout ModelConfiguration) {
    c.activation = .clampedSwiGLU
    (c.queryKeyValueBias, c.attentionOutputBias) = (true, true)
    var attention = SoftmaxAttention()
    attention.learnedSinks = true
    c.mixers = LayerPattern([attention])
  }

  static func read(_ reader: HuggingFaceConfigurationReader, into c: inout ModelConfiguration) throws {
    // That is what its files call the clamped one.
    try reader.checkActivation("silu")
    for (key, only) in [("swiglu_alpha", 1.702), ("swiglu_limit", 7)] {
      guard try reader.positive(key, missing: only) == only else {
        throw reader.error(key, "only \(only) is supported")
      }
    }
    try reader.readHeads(into: &c)
    try reader.readRope(into: &c)
    if reader.value("rope_parameters") == nil, reader.value("rope_scaling") == nil { c.ropeScaling = yarn }
    let hasBias = try reader.flag("attention_bias", missing: true)
    (c.queryKeyValueBias, c.attentionOutputBias) = (hasBias, hasBias)
    if reader.json["sliding_window"]?.isNull != true {
      c.slidingWindow = try reader.size("sliding_window", missing: 128)
      c.fullAttentionInterval = try reader.fullAttentionInterval(layers: c.layerCount, missing: 2)
    }
    c.feedForwards = try reader.layers(
      of: experts(
        of: try reader.size("num_local_experts", limit: 65_536, missing: 128),
        chosen: try reader.size("num_experts_per_tok", limit: 65_536, missing: 4), width: c.intermediateSize),
      in: Array(0..<c.layerCount), of: c.layerCount)
  }

  static func members(_ c: ModelConfiguration) -> OrderedDictionary<String, JSON> {
    var members = c.attentionMembers
    members.merge(c.windowMembers) { _, own in own }
    // Without any settings transformers would stretch.
    if c.ropeScaling == nil {
      members["rope_parameters"] = ["rope_type": "default", "rope_theta": .number(c.ropeTheta)]
    }
    members["hidden_act"] = "silu"
    members["swiglu_alpha"] = .number(1.702)
    members["swiglu_limit"] = .number(7)
    members.merge(c.expertMembers(count: "num_local_experts", width: "intermediate_size")) { _, own in own }
    return members
  }

  static func block(_ at: String, _ c: ModelConfiguration) -> ParameterNames.Block {
    var names = ParameterNames.Block(at, norms: c.normPlacement)
    names.experts = .init("\(at).mlp", router: "router")
    return names
  }

  static func place(of parameter: ParameterDeclaration, in c: ModelConfiguration) -> StoredPlace? {
    StoredPlace.fusedExpert(parameter, in: c, takingTurns: true)
  }

  static let presets: [Preset] = [
    preset("gpt-oss-20b", layers: 24, experts: 32), preset("gpt-oss-120b", layers: 36, experts: 128),
  ]

  private static func preset(_ name: String, layers: Int, experts count: Int) -> Preset {
    var c = ModelConfiguration(
      family: .gptOSS, vocabularySize: 201_088, hiddenSize: 2880, intermediateSize: 2880, layerCount: layers,
      headCount: 64, keyValueHeadCount: 8, headDimension: 64, contextLength: 131_072, ropeTheta: 150_000,
      ropeScaling: yarn, normEpsilon: 1e-5, slidingWindow: 128, fullAttentionInterval: 2, endOfTextToken: 200_002)
    c.feedForwards = LayerPattern([
      experts(of: count, chosen: 4, width: 2880).balanced(by: 0.9, layers: layers)
    ])
    return Preset(name, "gpt-oss, experts and every other layer with a window (arXiv:2508.10925)", c)
  }

  private static func experts(of count: Int, chosen: Int, width: Int) -> ExpertsFeedForward {
    var kind = ExpertsFeedForward(
      RouterSpecification(experts: count, chosen: chosen, normalizesWeights: true), width: width)
    (kind.routerBias, kind.expertBias) = (true, true)
    return kind
  }

  /// From 4,096 tokens to 131,072.
  private static let yarn: ModelConfiguration.RopeScaling = {
    var yarn = YaRN(factor: 32, originalContextLength: 4096)
    yarn.truncates = false
    return .yarn(yarn)
  }()
}
