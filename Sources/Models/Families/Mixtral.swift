import Formats
import OrderedCollections
import Tensors

extension ModelConfiguration.Family {
  /// Mixtral (arXiv:2401.04088).
  public static let mixtral = Self(MixtralFamily.self)
}

enum MixtralFamily: ModelFamily {
  static let modelTypes = ["mixtral"]
  static let architecture = "MixtralForCausalLM"
  static let standards = HuggingFaceStandards(epsilon: 1e-5, contextLength: 131_072, ropeTheta: 1_000_000)
  static let mayHaveAttentionBias = false

  static func read(_ reader: HuggingFaceConfigurationReader, into c: inout ModelConfiguration) throws {
    try reader.readAttention(into: &c)
    if reader.value("sliding_window") != nil { c.slidingWindow = try reader.size("sliding_window") }
    let kind = ExpertsFeedForward(
      RouterSpecification(
        experts: try reader.size("num_local_experts", limit: 65_536, missing: 8),
        chosen: try reader.size("num_experts_per_tok", limit: 65_536, missing: 2), normalizesWeights: true),
      width: try reader.size("intermediate_size", missing: 14_336))
    c.feedForwards = try reader.layers(of: kind, in: Array(0..<c.layerCount), of: c.layerCount)
  }

  static func members(_ c: ModelConfiguration) -> OrderedDictionary<String, JSON> {
    var members = c.attentionMembers
    members["sliding_window"] = c.slidingWindow.map { .integer(Int64($0)) } ?? .null
    members.merge(c.expertMembers(count: "num_local_experts", width: "intermediate_size")) { _, own in own }
    return members
  }

  static func block(_ at: String, _ c: ModelConfiguration) -> ParameterNames.Block {
    var names = ParameterNames.Block(at, norms: c.normPlacement)
    names.experts = .init("\(at).block_sparse_moe", gate: "w1", up: "w3", down: "w2")
    return names
  }

  static let presets: [Preset] = [
    {
      var c = ModelConfiguration(
        family: .mixtral, vocabularySize: 32_000, hiddenSize: 4096, intermediateSize: 14_336, layerCount: 32,
        headCount: 32, keyValueHeadCount: 8, contextLength: 32_768, ropeTheta: 1e6, normEpsilon: 1e-5,
        beginOfTextToken: 1, endOfTextToken: 2)
      let experts = ExpertsFeedForward(
        RouterSpecification(experts: 8, chosen: 2, normalizesWeights: true), width: 14_336)
      c.feedForwards = LayerPattern([experts.balanced(by: 0.02, layers: 32)])
      return Preset("mixtral-8x7b", "Mixtral, eight experts (arXiv:2401.04088)", c)
    }()
  ]
}
