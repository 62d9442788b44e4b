import Formats

/// Typed reading of a `config.json`.
struct HuggingFaceConfigurationReader {
  let json: JSON
  let file: String
  let family: ModelConfiguration.Family
  /// What the keys stand in: nothing, or the part of a model with vision that describes its language model.
  private let part: String
  private let outer: JSON

  /// No size of a real model comes near; products of three sizes then stay far from overflow.
  static let largestSize = 1 << 30

  init(_ json: JSON, file: String) throws {
    guard json.objectValue != nil else {
      throw HuggingFaceConfigurationError(file: file, key: "", problem: "this is \(json.kind), not an object of keys")
    }
    outer = json
    self.file = file
    let type = json["model_type"]?.stringValue
    if let type, let family = ModelConfiguration.Family.allCases.first(where: { $0.kind.visionModelType == type }) {
      guard let text = json["text_config"], text.objectValue != nil else {
        throw HuggingFaceConfigurationError(
          file: file, key: "text_config", problem: "missing; it describes the language model of a \(type)")
      }
      self.json = text
      part = "text_config."
      self.family = family
    } else {
      self.json = json
      part = ""
      family = try Self.family(json["model_type"], file: file)
    }
  }

  func error(_ key: String, _ problem: String) -> HuggingFaceConfigurationError {
    HuggingFaceConfigurationError(file: file, key: part + key, problem: problem)
  }

  /// The value under `key`, or `nil` where it is missing or null.
  func value(_ key: String) -> JSON? {
    if let value = json[key], !value.isNull { return value }
    // What holds for the whole of a model with vision stands outside, beside its parts.
    guard key.hasSuffix("_token_id") || key == "quantization_config", let value = outer[key], !value.isNull else { return nil }
    return value
  }

  private static func family(_ type: JSON?, file: String) throws -> ModelConfiguration.Family {
    let families = ModelConfiguration.Family.allCases.map { $0.kind }
    let all = families.flatMap { $0.modelTypes } + families.compactMap { $0.visionModelType }
    let names = all.joined(separator: ", ")
    func error(_ problem: String) -> HuggingFaceConfigurationError {
      HuggingFaceConfigurationError(file: file, key: "model_type", problem: problem)
    }
    guard let type, !type.isNull else { throw error("missing; it must be one of \(names)") }
    guard let family = type.stringValue.flatMap(ModelConfiguration.Family.init) else {
      throw error("\(shown(type)) is not one of \(names)")
    }
    return family
  }

  /// Refuses features that change what the weights compute and that no family is built with.
  func refuseUnsupported() throws {
    for key in ["attn_logit_softcapping", "final_logit_softcapping"]
    where value(key) != nil && !family.kind.mayHaveSoftCaps {
      throw error(key, "\(value(key).map(shown) ?? "") is not supported; scores and logits are not capped: null")
    }
    if try flag("use_bidirectional_attention", missing: false) {
      throw error("use_bidirectional_attention", "true is not supported; a token sees those before it only")
    }
    for key in ["scale_attn_by_inverse_layer_idx", "add_cross_attention"] where try flag(key, missing: false) {
      throw error(key, "true is not supported; attention is plain: false")
    }
    guard try flag("scale_attn_weights", missing: true) else {
      throw error("scale_attn_weights", "false is not supported; scores are divided by the root of a head's width")
    }
    if let given = value("quantization_config"),
      family.kind.quantization == nil || given["quant_method"]?.stringValue != family.kind.quantization
    {
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

  /// A number of things of which there may be none.
  func count(_ key: String, limit: Int, missing: Int) throws -> Int {
    guard let given = value(key) else { return missing }
    guard let number = given.intValue, number >= 0, number <= limit else {
      throw error(key, "\(shown(given)) is not a whole number from 0 to \(limit)")
    }
    return number
  }

  func positive(_ key: String, missing: Double) throws -> Double {
    try positive(json, key, missing: missing)
  }

  func number(_ key: String, missing: Double) throws -> Double {
    guard let given = value(key) else { return missing }
    guard let number = given.doubleValue, number.isFinite else {
      throw error(key, "\(shown(given)) is not a finite number")
    }
    return number
  }

  func nonNegative(_ key: String, missing: Double) throws -> Double {
    guard let given = value(key) else { return missing }
    guard let number = given.doubleValue, number.isFinite, number >= 0 else {
      throw error(key, "\(shown(given)) is not a number of 0 or more")
    }
    return number
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

  func positive(
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
  func shown(_ value: JSON) -> String { Self.shown(value) }

  private static func shown(_ value: JSON) -> String {
    let text = value.serializedString()
    return text.count > 60 ? value.kind : text
  }
}
