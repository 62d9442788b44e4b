import Formats
import OrderedCollections

/// Turns the metadata of a GGUF file into the keys of a `config.json`.
struct GGUFConfigurationReader {
  private let file: GGUFFile
  private let architecture: String
  private var members: OrderedDictionary<String, JSON> = [:]
  /// The GGUF key that each key of the configuration came from.
  private var origins: [String: String] = [:]

  init(_ file: GGUFFile) throws {
    self.file = file
    let key = "general.architecture"
    guard let name = file.metadata[key]?.stringValue else {
      throw GGUFError(path: file.path, .key(key), problem: "is missing or no string; it must name the architecture")
    }
    architecture = name
  }

  /// The configuration.
  mutating func configuration() throws -> ModelConfiguration {
    try refuseUnsupported()
    try readSizes()
    try readFamily()
    try readRope()
    for (key, token) in [("bos_token_id", "bos_token_id"), ("eos_token_id", "eos_token_id")] {
      try integer("tokenizer.ggml.\(token)", as: key)
    }
    do {
      let configuration = try ModelConfiguration(huggingFace: .object(members), file: file.path)
      try GGUFRopeFactors.check(configuration, file)
      return configuration
    } catch let error as HuggingFaceConfigurationError {
      guard let origin = origins[error.key] else { throw error }
      throw GGUFError(path: file.path, .key(origin), problem: "is refused: \(error.problem)")
    }
  }

  private func error(_ key: String, _ problem: String) -> GGUFError {
    GGUFError(path: file.path, .key(key), problem: problem)
  }

  private func refuseUnsupported() throws {
    if let parts = file.metadata["split.count"]?.intValue, parts > 1 {
      throw error("split.count", "says that this is one of \(parts) files; join them with llama-gguf-split first")
    }
    let experts = "\(architecture).expert_count"
    if let count = file.metadata[experts]?.intValue, count > 0 {
      throw error(experts, "is \(count); mixtures of experts are not read")
    }
  }

  private mutating func readSizes() throws {
    let at = architecture
    let table = "token_embd.weight"
    guard let embedding = file.tensors[table], embedding.shape.count == 2 else {
      throw GGUFError(path: file.path, .tensor(table), problem: "is missing or no matrix; the file holds no model")
    }
    members["vocab_size"] = .integer(Int64(embedding.shape[0]))
    members["tie_word_embeddings"] = .bool(file.tensors["output.weight"] == nil)
    try integer("\(at).embedding_length", as: "hidden_size")
    try integer("\(at).feed_forward_length", as: "intermediate_size")
    try integer("\(at).block_count", as: "num_hidden_layers")
    try integer("\(at).attention.head_count", as: "num_attention_heads")
    try integer("\(at).attention.head_count_kv", as: "num_key_value_heads")
    try integer("\(at).context_length", as: "max_position_embeddings")
    try integer("\(at).rope.dimension_count", as: "head_dim")
    try integer("\(at).attention.key_length", as: "head_dim")
    try number("\(at).attention.layer_norm_rms_epsilon", as: "rms_norm_eps")
    if members["head_dim"] == nil, let width = members["hidden_size"]?.intValue,
      let heads = members["num_attention_heads"]?.intValue, heads > 0
    {
      members["head_dim"] = .integer(Int64(width / heads))
    }
  }

  private mutating func readFamily() throws {
    members["model_type"] = .string(architecture)
    switch architecture {
    case "smollm3": members["no_rope_layer_interval"] = 4
    default: break
    }
  }

  private mutating func readRope() throws {
    let at = "\(architecture).rope"
    try number("\(at).freq_base", as: "rope_theta")
    let type = file.metadata["\(at).scaling.type"]?.stringValue ?? "none"
    switch type {
    case "none": break
    case "linear":
      try number("\(at).scaling.factor", as: "factor")
      members["rope_scaling"] = ["rope_type": "linear", "factor": members.removeValue(forKey: "factor") ?? .null]
      origins["rope_scaling.factor"] = "\(at).scaling.factor"
    default: throw error("\(at).scaling.type", "is \"\(type)\"; none and linear are read")
    }
    if let rule = try GGUFRopeFactors.rule(in: file) { members["rope_scaling"] = rule }
  }

  /// Copies a whole number; a missing one stays missing.
  private mutating func integer(_ key: String, as name: String) throws {
    guard let value = file.metadata[key] else { return }
    guard let number = value.intValue else { throw error(key, "is \(value.kind) where a whole number is needed") }
    members[name] = .integer(Int64(number))
    origins[name] = key
  }

  /// Copies a number as the shortest decimal that means it.
  private mutating func number(_ key: String, as name: String) throws {
    guard let value = file.metadata[key] else { return }
    guard let number = value.doubleValue else { throw error(key, "is \(value.kind) where a number is needed") }
    var exact = number
    if case .float32(let float) = value { exact = Double("\(float)") ?? number }
    members[name] = .number(exact)
    origins[name] = key
  }
}

extension ModelConfiguration {
  /// Reads the configuration of the model in a GGUF file: architectures llama, qwen3 and smollm3.
  ///
  /// - Throws: `GGUFError` or `HuggingFaceConfigurationError` for a missing key, a wrong value, or a feature outside
  ///   these families.
  public init(gguf file: GGUFFile) throws {
    var reader = try GGUFConfigurationReader(file)
    self = try reader.configuration()
  }
}
