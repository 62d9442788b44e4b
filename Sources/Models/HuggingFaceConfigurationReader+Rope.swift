import Formats

/// Reading of the rotary settings of a `config.json`.
extension HuggingFaceConfigurationReader {
  /// Base and stretching of the rotary frequencies, from `rope_parameters` or the older two keys; where they differ by
  /// layer type, of layers that see the whole text.
  func rope() throws -> (theta: Double, scaling: ModelConfiguration.RopeScaling?) {
    let key = ropeKey
    let outer = try positive(json, "rope_theta", missing: family.kind.standards.ropeTheta)
    guard let given = value(key) else { return (outer, nil) }
    guard let parameters = try layerType("full_attention", of: given, key) else { return (outer, nil) }
    guard let members = parameters.objectValue else { throw error(key, "\(shown(parameters)) is not an object") }
    let theta = try positive(parameters, "rope_theta", missing: outer, prefix: key)
    let type = members["rope_type"] ?? members["type"] ?? .string("default")
    switch type.stringValue {
    case "default": return (theta, nil)
    case "linear": return (theta, .linear(factor: try positive(parameters, "factor", missing: nil, prefix: key)))
    case "llama3":
      let low = try positive(parameters, "low_freq_factor", missing: nil, prefix: key)
      let high = try positive(parameters, "high_freq_factor", missing: nil, prefix: key)
      let original = "original_max_position_embeddings"
      guard high >= low else {
        throw error("\(key).high_freq_factor", "\(high) is below low_freq_factor \(low)")
      }
      guard let length = members[original]?.intValue, length >= 1, length <= Self.largestSize else {
        throw error("\(key).\(original)", "\(members[original].map(shown) ?? "nothing") is not a number of tokens")
      }
      return (
        theta,
        .llama3(
          factor: try positive(parameters, "factor", missing: nil, prefix: key), lowFrequencyFactor: low,
          highFrequencyFactor: high, originalContextLength: length)
      )
    case "yarn": return (theta, .yarn(try yarn(parameters, key)))
    default: throw error("\(key).rope_type", "\(shown(type)) is not one of default, linear, llama3, yarn")
    }
  }

  private var ropeKey: String { value("rope_parameters") != nil ? "rope_parameters" : "rope_scaling" }

  /// The share of a head that turns, nil where a family's heads turn whole.
  func ropeShare() throws -> Double? {
    var (key, given) = ("partial_rotary_factor", value("partial_rotary_factor"))
    if let all = value(ropeKey), let inner = try layerType("full_attention", of: all, ropeKey)?[key], !inner.isNull {
      (key, given) = ("\(ropeKey).\(key)", inner)
    }
    guard let given else { return family.kind.standards.ropeShare }
    guard let share = given.doubleValue, share > 0, share <= 1 else {
      throw error(key, "\(shown(given)) is not a share above 0, at most 1")
    }
    guard share == 1 || family.kind.standards.ropeShare != nil else {
      throw error(key, "\(shown(given)) is not supported; every head is rotated whole")
    }
    return share
  }

  /// YaRN's settings; what they leave out is as transformers takes it.
  private func yarn(_ parameters: JSON, _ key: String) throws -> YaRN {
    func given(_ name: String) -> JSON? { parameters[name].flatMap { $0.isNull ? nil : $0 } }
    func optional(_ name: String) throws -> Double? {
      guard let value = given(name) else { return nil }
      guard let number = value.doubleValue, number.isFinite, number >= 0 else {
        throw error("\(key).\(name)", "\(shown(value)) is not a number of 0 or more")
      }
      return number
    }
    let original = "original_max_position_embeddings"
    let context = try size("max_position_embeddings", missing: 2048)
    let length = given(original).map { $0.intValue ?? 0 } ?? context
    guard length >= 1, length <= Self.largestSize else {
      throw error("\(key).\(original)", "\(given(original).map(shown) ?? "nothing") is not a number of tokens")
    }
    let factor = try positive(parameters, "factor", missing: Double(context) / Double(length), prefix: key)
    var yarn = YaRN(factor: factor, originalContextLength: length)
    // Zero means the same as nothing in the reference.
    if let fast = try optional("beta_fast"), fast != 0 { yarn.betaFast = fast }
    if let slow = try optional("beta_slow"), slow != 0 { yarn.betaSlow = slow }
    yarn.attentionFactor = try optional("attention_factor")
    yarn.mscale = try optional("mscale")
    yarn.mscaleAllDimensions = try optional("mscale_all_dim")
    if let truncate = given("truncate") {
      guard let flag = truncate.boolValue else { throw error("\(key).truncate", "\(shown(truncate)) is not true or false") }
      yarn.truncates = flag
    }
    return yarn
  }

  /// Base of the rotary frequencies of layers with a window.
  func localRopeTheta() throws -> Double {
    let key = "rope_parameters"
    let standard = try positive(json, "rope_local_base_freq", missing: 10_000)
    guard let given = value(key) else { return standard }
    guard given.objectValue?.values.contains(where: { $0.objectValue != nil }) == true else {
      throw error(key, "it must hold settings for full_attention and for sliding_attention")
    }
    guard let parameters = try layerType("sliding_attention", of: given, key) else { return standard }
    if let type = parameters["rope_type"] ?? parameters["type"], type.stringValue != "default" {
      throw error("\(key).sliding_attention.rope_type", "\(shown(type)) is not supported in layers with a window")
    }
    return try positive(parameters, "rope_theta", missing: standard, prefix: "\(key).sliding_attention")
  }

  /// The settings of one layer type, or all where they do not differ by it.
  private func layerType(_ type: String, of parameters: JSON, _ key: String) throws -> JSON? {
    guard let members = parameters.objectValue, members.values.contains(where: { $0.objectValue != nil }) else {
      return parameters
    }
    guard family.kind.mayHaveRopeByLayerType else {
      throw error(key, "settings that differ by layer type are not supported")
    }
    return members[type].flatMap { $0.isNull ? nil : $0 }
  }
}
