public import Formats

/// What is wrong with a `config.json`: one sentence with the file, the key, its value and what would be right.
public struct HuggingFaceConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
  public var file: String
  public var key: String
  public var problem: String

  public var description: String { key.isEmpty ? "\(file): \(problem)" : "\(file): \(key): \(problem)" }
}

extension ModelConfiguration {
  /// Reads the `config.json` of a Hugging Face folder, or the file itself.
  ///
  /// - Throws: `HuggingFaceConfigurationError`, or the error of a file that is missing or no JSON.
  public init(huggingFace path: String) throws {
    let file = Paths.isFolder(path) ? path.appendingPath("config.json") : path
    try self.init(huggingFace: JSON.parse(contentsOfFile: file), file: file)
  }

  /// Reads a parsed `config.json` of the families of ``Family``; of a Gemma 3 with vision (`gemma3`) the language model.
  ///
  /// Rotary settings are read in both layouts: `rope_theta` and `rope_scaling`, or transformers 5's `rope_parameters`.
  ///
  /// - Throws: `HuggingFaceConfigurationError` for a missing key, a wrong value, or a feature outside these families.
  public init(huggingFace json: JSON, file: String) throws {
    let reader = try HuggingFaceConfigurationReader(json, file: file)
    let family = reader.family
    try reader.refuseUnsupported()
    let keys = family.kind.keys, standards = family.kind.standards
    let hidden = try reader.size(keys.hidden, missing: standards.hidden)
    let layers = try reader.size(keys.layers, limit: 100_000, missing: standards.layers)
    let heads = try reader.size(keys.heads, limit: 1_000_000, missing: standards.heads)
    self.init(
      family: family, vocabularySize: try reader.size("vocab_size", missing: standards.vocabulary), hiddenSize: hidden,
      intermediateSize: try reader.size(
        keys.intermediate, missing: standards.intermediate ?? standards.intermediateMultiple.map { $0 * hidden }),
      layerCount: layers, headCount: heads,
      contextLength: try reader.size(keys.context, missing: standards.contextLength),
      normEpsilon: try reader.positive(keys.epsilon, missing: standards.epsilon),
      tiedEmbeddings: try reader.flag("tie_word_embeddings", missing: standards.tiesEmbeddings),
      initializerRange: try reader.positive("initializer_range", missing: 0.02),
      beginOfTextToken: try reader.token("bos_token_id"), endOfTextToken: try reader.token("eos_token_id"))
    try family.kind.read(reader, into: &self)
    do {
      try checkLayers()
    } catch let error as SettingsError {
      throw reader.error(error.key, error.problem)
    }
    guard hasCountableSize else {
      throw reader.error(keys.hidden, "these sizes make a model of more than a quadrillion parameters")
    }
  }
}
