import Formats

/// Typed reading of a `config.json`.
struct HuggingFaceConfigurationReader {
  let json: JSON
  let file: String

  /// No size of a real model comes near; products of three sizes then stay far from overflow.
  private static let largestSize = 1 << 30

  init(_ json: JSON, file: String) throws {
    guard json.objectValue != nil else {
      throw HuggingFaceConfigurationError(file: file, key: "", problem: "this is \(json.kind), not an object of keys")
    }
    self.json = json
    self.file = file
  }

  func error(_ key: String, _ problem: String) -> HuggingFaceConfigurationError {
    HuggingFaceConfigurationError(file: file, key: key, problem: problem)
  }

  /// The value under `key`, or `nil` where it is missing or null.
  func value(_ key: String) -> JSON? {
    guard let value = json[key], !value.isNull else { return nil }
    return value
  }

  func family() throws -> ModelConfiguration.Family {
    let names = ModelConfiguration.Family.allCases.map(\.rawValue).joined(separator: ", ")
    guard let type = value("model_type") else { throw error("model_type", "missing; it must be one of \(names)") }
    guard let family = type.stringValue.flatMap(ModelConfiguration.Family.init) else {
      throw error("model_type", "\(shown(type)) is not one of \(names)")
    }
    return family
  }

  /// Refuses features that change what the weights compute and that these families are not built with.
  func refuseUnsupported() throws {
    for key in ["attention_bias", "mlp_bias"] where try flag(key, missing: false) {
      throw error(key, "true is not supported; the projections have no biases")
    }
    if let activation = value("hidden_act"), activation.stringValue != "silu" {
      throw error("hidden_act", "\(shown(activation)) is not supported; the feed-forward layer is SwiGLU: silu")
    }
    if value("quantization_config") != nil {
      throw error("quantization_config", "quantised checkpoints cannot be read; take the bfloat16 or float32 one")
    }
  }

  func size(_ key: String, limit: Int = largestSize, missing: Int? = nil) throws -> Int {
    guard let given = value(key) else {
      if let missing { return missing }
      throw error(key, "missing; a whole number is needed")
    }
    guard let number = given.intValue, number >= 1, number <= limit else {
      throw error(key, "\(shown(given)) is not a whole number from 1 to \(limit)")
    }
    return number
  }

  func positive(_ key: String, missing: Double) throws -> Double {
    try positive(json, key, missing: missing)
  }

  func flag(_ key: String, missing: Bool) throws -> Bool {
    guard let given = value(key) else { return missing }
    guard let flag = given.boolValue else { throw error(key, "\(shown(given)) is not true or false") }
    return flag
  }

  /// A token, or the first of a list of tokens.
  func token(_ key: String) throws -> Int? {
    guard let given = value(key) else { return nil }
    guard let token = (given.arrayValue?.first ?? given).intValue, token >= 0, token < Self.largestSize else {
      throw error(key, "\(shown(given)) is not a token number")
    }
    return token
  }

  /// Base and stretching of the rotary frequencies, from `rope_parameters` or the older two keys.
  func rope(standardTheta: Double) throws -> (theta: Double, scaling: ModelConfiguration.RopeScaling?) {
    let key = value("rope_parameters") != nil ? "rope_parameters" : "rope_scaling"
    let outer = try positive(json, "rope_theta", missing: standardTheta)
    if let share = value("partial_rotary_factor"), share.doubleValue != 1 {
      throw error("partial_rotary_factor", "\(shown(share)) is not supported; every head is rotated whole")
    }
    guard let parameters = value(key) else { return (outer, nil) }
    guard let members = parameters.objectValue else { throw error(key, "\(shown(parameters)) is not an object") }
    if members.values.contains(where: { $0.objectValue != nil }) {
      throw error(key, "settings that differ by layer type are not supported")
    }
    if let share = members["partial_rotary_factor"], !share.isNull, share.doubleValue != 1 {
      throw error("\(key).partial_rotary_factor", "\(shown(share)) is not supported; every head is rotated whole")
    }
    let theta = try positive(parameters, "rope_theta", missing: outer, prefix: key)
    let type = members["rope_type"] ?? members["type"] ?? .string("default")
    switch type.stringValue {
    case "default": return (theta, nil)
    case "linear": return (theta, .linear(factor: try positive(parameters, "factor", missing: nil, prefix: key)))
    case "llama3":
      let low = try positive(parameters, "low_freq_factor", missing: nil, prefix: key)
      let high = try positive(parameters, "high_freq_factor", missing: nil, prefix: key)
      let original = "original_max_position_embeddings"
      guard high > low else { throw error("\(key).high_freq_factor", "\(high) must be above low_freq_factor \(low)") }
      guard let length = members[original]?.intValue, length >= 1, length <= Self.largestSize else {
        throw error("\(key).\(original)", "\(members[original].map(shown) ?? "nothing") is not a number of tokens")
      }
      return (
        theta,
        .llama3(
          factor: try positive(parameters, "factor", missing: nil, prefix: key), lowFrequencyFactor: low,
          highFrequencyFactor: high, originalContextLength: length)
      )
    default: throw error("\(key).rope_type", "\(shown(type)) is not one of default, linear, llama3")
    }
  }

  /// The interval that `no_rope_layers` (1: rotary, 0: none) or `no_rope_layer_interval` describes.
  func noRopeInterval(layers: Int) throws -> Int? {
    guard let given = value("no_rope_layers") else {
      return try size("no_rope_layer_interval", limit: 100_000, missing: 4)
    }
    guard let list = given.arrayValue, list.count >= layers else {
      throw error("no_rope_layers", "it must be a list with one 0 or 1 for each of \(layers) layers")
    }
    let rotary = list.prefix(layers).map { $0.intValue ?? -1 }
    guard rotary.allSatisfy({ $0 == 0 || $0 == 1 }) else {
      throw error("no_rope_layers", "it must hold only 0 and 1")
    }
    guard let first = rotary.firstIndex(of: 0) else { return nil }
    let interval = first + 1
    for layer in 0..<layers where (rotary[layer] == 0) != ((layer + 1) % interval == 0) {
      throw error("no_rope_layers", "layers without rotary embedding must be evenly spaced; layer \(layer) breaks that")
    }
    return interval
  }

  /// The window where one is in use; it must cover exactly the layers that have rotary embeddings.
  func slidingWindow(_ family: ModelConfiguration.Family, layers: Int, noRopeInterval: Int?) throws -> Int? {
    guard family != .llama, try flag("use_sliding_window", missing: false), value("sliding_window") != nil else {
      return nil
    }
    let window = try size("sliding_window")
    let windowed: [Bool]
    if let kinds = value("layer_types") {
      let names = kinds.arrayValue?.map { $0.stringValue ?? "" } ?? []
      guard names.count == layers, names.allSatisfy({ $0 == "sliding_attention" || $0 == "full_attention" }) else {
        throw error("layer_types", "it must be a list of \(layers) times sliding_attention or full_attention")
      }
      windowed = names.map { $0 == "sliding_attention" }
    } else if family == .qwen3 {
      let first = value("max_window_layers").map { $0.intValue ?? -1 } ?? 28
      guard first >= 0 else { throw error("max_window_layers", "it must be a number of layers") }
      windowed = (0..<layers).map { $0 >= first }
    } else {
      windowed = (0..<layers).map { layer in noRopeInterval.map { (layer + 1) % $0 == 0 } ?? false }
    }
    guard windowed.contains(true) else { return nil }
    for layer in 0..<layers where windowed[layer] != (noRopeInterval.map { (layer + 1) % $0 != 0 } ?? true) {
      throw error(
        "sliding_window", "layer \(layer) breaks the rule that exactly the layers with rotary embedding have the window")
    }
    return window
  }

  private func positive(
    _ object: JSON, _ key: String, missing: Double?, prefix: String = ""
  ) throws -> Double {
    let path = prefix.isEmpty ? key : "\(prefix).\(key)"
    guard let given = object[key], !given.isNull else {
      if let missing { return missing }
      throw error(path, "missing; a number above 0 is needed")
    }
    guard let number = given.doubleValue, number.isFinite, number > 0 else {
      throw error(path, "\(shown(given)) is not a number above 0")
    }
    return number
  }

  /// A value as one short piece of text.
  private func shown(_ value: JSON) -> String {
    let text = value.serializedString()
    return text.count > 60 ? value.kind : text
  }
}
