import Formats

/// How a model wants to be asked: what its `generation_config.json` says.
public struct GenerationDefaults: Sendable, Equatable {
  /// `temperature`; 0 where `do_sample` is false, 1 where it is true and no temperature is given.
  public var temperature: Double?
  /// `top_k`, where it is not 0, which means all.
  public var topK: Int?
  /// `top_p`
  public var topP: Double?
  /// `min_p`
  public var minP: Double?
  /// `repetition_penalty`
  public var repetitionPenalty: Double?
  /// `max_new_tokens`
  public var maxTokens: Int?
  /// `eos_token_id`, one or a list.
  public var endOfTextTokens: [UInt32] = []

  /// A model that wants nothing special.
  public init() {}

  /// Reads a folder's `generation_config.json`, where there is one.
  /// - Throws: a sentence naming file, key and value that cannot be.
  public init(folder: String) throws {
    let file = folder.appendingPath("generation_config.json")
    guard Paths.exists(file) else { return }
    let json = try JSON.parse(contentsOfFile: file)
    guard json.objectValue != nil else {
      throw InferenceError(file, "holds \(json.kind); it must be an object of settings")
    }
    func number<Value>(_ key: String, _ kind: String, _ value: (JSON) -> Value?) throws -> Value? {
      guard let given = json[key], !given.isNull else { return nil }
      guard let value = value(given) else {
        throw InferenceError(file, "has \(given.serializedString()) for \(key); it must be \(kind)")
      }
      return value
    }
    temperature = try number("temperature", "a number", \.doubleValue)
    if let samples = try number("do_sample", "true or false", \.boolValue) {
      temperature = samples ? temperature ?? 1 : 0
    }
    topK = try number("top_k", "a whole number", \.intValue).flatMap { $0 == 0 ? nil : $0 }
    topP = try number("top_p", "a number", \.doubleValue)
    minP = try number("min_p", "a number", \.doubleValue)
    repetitionPenalty = try number("repetition_penalty", "a number", \.doubleValue)
    maxTokens = try number("max_new_tokens", "a whole number", \.intValue)
    endOfTextTokens = try number("eos_token_id", "a token's number or a list of them") { value in
      let tokens = (value.arrayValue ?? [value]).map { $0.intValue.flatMap(UInt32.init(exactly:)) }
      return tokens.contains(nil) ? nil : tokens.compactMap(\.self)
    } ?? []
    do {
      try settings(SamplingSettings()).check()
    } catch {
      throw InferenceError(file, "cannot be used: \(error)")
    }
  }

  /// `settings` with what the model says in place of theirs.
  public func settings(_ settings: SamplingSettings) -> SamplingSettings {
    var settings = settings
    settings.temperature = temperature ?? settings.temperature
    settings.topK = topK ?? settings.topK
    settings.topP = topP ?? settings.topP
    settings.minP = minP ?? settings.minP
    settings.repetitionPenalty = repetitionPenalty ?? settings.repetitionPenalty
    settings.maxTokens = maxTokens ?? settings.maxTokens
    return settings
  }
}
