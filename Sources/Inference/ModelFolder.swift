import Formats
public import Models
public import Tensors
public import Tokenization

/// A complete Hugging Face folder: `config.json`, `generation_config.json`, `model.safetensors` and the tokenizer.
public enum ModelFolder {
  /// Writes model and tokenizer to `directory`, which is made if it is missing; other files in it stay.
  ///
  /// Each file is written beside and renamed, `config.json` last: a folder that has it is complete. Where the model's
  /// configuration does not say which tokens begin and end a text, the tokenizer's are written.
  /// - Parameters:
  ///   - tokenizer: nil for a model over bare token files, whose folder then has no tokenizer.
  ///   - dtype: Element type of the weights, `bfloat16` or `float32`.
  /// - Throws: `FileError` when the disk refuses, `InferenceError` for a tokenizer larger than the model.
  public static func save(
    _ model: DecoderModel, tokenizer: Tokenizer?, dtype: DType = .bfloat16, to directory: String
  ) throws {
    try Paths.createFolder(directory)
    let configuration = try saveCompanions(model.configuration, tokenizer: tokenizer, to: directory)
    let shards = try SafetensorsShards(configuration, as: dtype == .bfloat16 ? .bfloat16 : .float32)
    try shards.write(from: StoreWeights(model.store), to: directory)
    try configuration.saveHuggingFaceConfiguration(folder: directory, dtype: dtype.rawValue)
  }

  /// Writes the tokenizer and `generation_config.json`.
  /// - Returns: the configuration, with the tokenizer's tokens that begin and end a text where it named none.
  static func saveCompanions(
    _ model: ModelConfiguration, tokenizer: Tokenizer?, to directory: String
  ) throws -> ModelConfiguration {
    var configuration = model
    if let tokenizer {
      try checkVocabulary(tokenizer, configuration, directory)
      configuration.beginOfTextToken = configuration.beginOfTextToken ?? tokenizer.beginningOfText.map { Int($0) }
      configuration.endOfTextToken = configuration.endOfTextToken ?? tokenizer.endOfText.map { Int($0) }
      try tokenizer.save(directory: directory)
    }
    var generation: JSON = .object([:])
    for (key, token) in [
      ("bos_token_id", configuration.beginOfTextToken), ("eos_token_id", configuration.endOfTextToken),
    ] {
      if let token { generation[key] = .integer(Int64(token)) }
    }
    try AtomicFile.write(
      generation.serializedString(pretty: true) + "\n", to: directory.appendingPath("generation_config.json"))
    return configuration
  }

  /// Loads model and tokenizer of a folder, or of a GGUF file.
  /// - Parameter trainable: whether the model has gradients.
  /// - Throws: a sentence naming what is missing, damaged or does not fit together.
  public static func load(
    _ path: String, trainable: Bool = false
  ) throws -> (model: DecoderModel, tokenizer: Tokenizer) {
    let (stored, tokenizer) = try open(path)
    return (try stored.load(trainable: trainable), tokenizer)
  }

  /// Loads model and tokenizer of a folder, or of a GGUF file, for generating and scoring in one way only.
  /// - Throws: a sentence naming what is missing, damaged or does not fit together.
  static func load(_ path: String, for execution: Execution) throws -> (model: DecoderModel, tokenizer: Tokenizer) {
    let (stored, tokenizer) = try open(path)
    return (try stored.load(for: execution), tokenizer)
  }

  private static func open(_ path: String) throws -> (stored: StoredModel, tokenizer: Tokenizer) {
    if !StoredModel.isGGUF(path) { try checkComplete(path) }
    let stored = try StoredModel(path)
    let tokenizer = try tokenizer(of: stored)
    try checkVocabulary(tokenizer, stored.configuration, path)
    return (stored, tokenizer)
  }

  /// The tokenizer that stands beside a model's weights, or in the same GGUF file.
  /// - Throws: a sentence naming what is missing or not supported.
  static func tokenizer(of stored: StoredModel) throws -> Tokenizer {
    if let file = stored.gguf { return try Tokenizer(gguf: file) }
    return try Tokenizer(directory: stored.path)
  }

  /// The model folder or GGUF file that a path means: itself, or the newest complete checkpoint of a run folder or of a
  /// folder of checkpoints, which are named by their steps.
  /// - Throws: `InferenceError` naming what is missing.
  public static func resolve(_ path: String) throws -> String {
    guard Paths.exists(path) else {
      throw InferenceError(path, "does not exist; name the folder of a model or a GGUF file")
    }
    if StoredModel.isGGUF(path) { return path }
    guard Paths.isFolder(path) else {
      throw InferenceError(path, "is a file; name the folder of a model, or a file that ends in .gguf")
    }
    if missingFiles(path).isEmpty { return path }
    for folder in [path.appendingPath("checkpoints"), path] where Paths.isFolder(folder) {
      let steps = try Paths.names(inFolder: folder).compactMap { name in Int(name).map { (step: $0, name: name) } }
      for (_, name) in steps.sorted(by: { $0.step > $1.step }) {
        let checkpoint = folder.appendingPath(name)
        if missingFiles(checkpoint).isEmpty { return checkpoint }
      }
    }
    throw incomplete(path)
  }

  /// The files that a complete folder has and this one has not.
  private static func missingFiles(_ directory: String) -> [String] {
    var missing: [String] = []
    if !Paths.exists(directory.appendingPath("config.json")) { missing.append("config.json") }
    if !hasTokenizer(directory) { missing.append("tokenizer.json") }
    let weights = ["model.safetensors", "model.safetensors.index.json"]
    if !weights.contains(where: { Paths.exists(directory.appendingPath($0)) }) { missing.append(weights[0]) }
    return missing
  }

  /// Whether a folder has a tokenizer; older ones, Llama's and Mistral's have other files than tokenizer.json.
  static func hasTokenizer(_ directory: String) -> Bool {
    ["tokenizer.json", "tokenizer.model", "tekken.json", "vocab.json"].contains { Paths.exists(directory.appendingPath($0)) }
  }

  private static func incomplete(_ directory: String) -> InferenceError {
    InferenceError(
      directory,
      "is neither a model's folder (it lacks \(missingFiles(directory).joined(separator: " and "))) nor a run with a "
        + "complete checkpoint")
  }

  private static func checkComplete(_ directory: String) throws {
    guard Paths.isFolder(directory) else {
      throw InferenceError(directory, "is no folder; name the folder of a model")
    }
    guard missingFiles(directory).isEmpty else { throw incomplete(directory) }
  }

  static func checkVocabulary(
    _ tokenizer: Tokenizer, _ configuration: ModelConfiguration, _ directory: String
  ) throws {
    guard tokenizer.vocabularySize <= configuration.vocabularySize else {
      throw InferenceError(
        directory,
        "has a tokenizer of \(tokenizer.vocabularySize) tokens, more than the \(configuration.vocabularySize) of the "
          + "model (vocab_size); they do not belong together")
    }
  }
}
