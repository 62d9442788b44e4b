import Formats
import OrderedCollections

/// Turns the metadata of a GGUF file into the keys of a `config.json`.
struct GGUFConfigurationReader {
  private let file: GGUFFile
  private let architecture: String
  private let family: ModelConfiguration.Family
  private var members: OrderedDictionary<String, JSON> = [:]
  /// The GGUF key that each key of the configuration came from.
  private var origins: [String: String] = [:]

  init(_ file: GGUFFile) throws {
    self.file = file
    let key = "general.architecture"
    guard let name = file.metadata[key]?.stringValue else {
      throw GGUFError(path: file.path, .key(key), problem: "is missing or no string; it must name the architecture")
    }
    guard let family = ModelConfiguration.Family.named(gguf: name) else {
      let known = ModelConfiguration.Family.allCases.compactMap { $0.kind.gguf }.joined(separator: ", ")
      throw GGUFError(path: file.path, .key(key), problem: "is \"\(name)\", which is not one of \(known)")
    }
    architecture = name
    self.family = family
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
    let keys = family.kind.keys
    try integer("\(at).embedding_length", as: keys.hidden)
    try integer("\(at).feed_forward_length", as: keys.intermediate)
    try integer("\(at).block_count", as: keys.layers)
    try integer("\(at).attention.head_count", as: keys.heads)
    try integer("\(at).context_length", as: keys.context)
    try number("\(at).attention.layer_norm\(family == .gpt2 ? "" : "_rms")_epsilon", as: keys.epsilon)
    // GPT-2 has none of what follows.
    if family == .gpt2 { return }
    try integer("\(at).attention.head_count_kv", as: "num_key_value_heads")
    try integer("\(at).rope.dimension_count", as: "head_dim")
    try integer("\(at).attention.key_length", as: "head_dim")
    if members["head_dim"] == nil, let width = members[keys.hidden]?.intValue,
      let heads = members[keys.heads]?.intValue, heads > 0
    {
      members["head_dim"] = .integer(Int64(width / heads))
    }
    if family.kind.mayHaveAttentionBias { members["attention_bias"] = .bool(file.tensors["blk.0.attn_q.bias"] != nil) }
    if family.kind.mayHaveFeedForwardBias { members["mlp_bias"] = .bool(file.tensors["blk.0.ffn_up.bias"] != nil) }
  }

  private mutating func readFamily() throws {
    members["model_type"] = .string(family.rawValue)
    let window = "\(architecture).attention.sliding_window"
    switch family {
    case .smollm3: members["no_rope_layer_interval"] = 4
    case .gemma3: try readGemma(window: window)
    default:
      if let size = file.metadata[window]?.intValue, size > 0 {
        throw error(window, "is \(size); only the architecture gemma3 is read with a window")
      }
    }
  }

  private mutating func readGemma(window: String) throws {
    let layers = members["num_hidden_layers"]?.intValue ?? 0
    guard layers > 0, layers <= 100_000 else {
      throw error("\(architecture).block_count", "is missing or no number of layers")
    }
    try integer(window, as: "sliding_window")
    let windowed = try windowedLayers(layers, hasWindow: members["sliding_window"] != nil)
    members["layer_types"] = .array(windowed.map { .string($0 ? "sliding_attention" : "full_attention") })
    members["rope_local_base_freq"] = 10000
    try number("\(architecture).rope.freq_base_swa", as: "rope_local_base_freq")
    let cap = "\(architecture).final_logit_softcapping"
    if let value = file.metadata[cap]?.doubleValue, value != 0 { try number(cap, as: "final_logit_softcapping") }
    members["query_pre_attn_scalar"] = .integer(
      Int64(
        GGUFModelMetadata.attentionScalar(
          layers: layers, width: members["hidden_size"]?.intValue ?? 0,
          heads: members["num_attention_heads"]?.intValue ?? 0, headWidth: members["head_dim"]?.intValue ?? 0)))
  }

  /// Which layers have a window: all but every n-th, n being 6 where the file does not say, or as a list says.
  private func windowedLayers(_ layers: Int, hasWindow: Bool) throws -> [Bool] {
    let key = "\(architecture).attention.sliding_window_pattern"
    guard hasWindow else { return [Bool](repeating: false, count: layers) }
    if let list = file.metadata[key]?.intsValue {
      guard list.count >= layers else { throw error(key, "has \(list.count) elements for \(layers) layers") }
      return list.prefix(layers).map { $0 != 0 }
    }
    let interval = file.metadata[key].map { $0.intValue ?? -1 } ?? 6
    guard interval >= 0 else { throw error(key, "is neither a whole number nor a list of them") }
    return (0..<layers).map { interval == 0 || ($0 + 1) % interval != 0 }
  }

  private mutating func readRope() throws {
    if family == .gpt2 { return }
    let at = "\(architecture).rope"
    // llama.cpp's base where a file has none.
    members["rope_theta"] = 10000
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
  /// Reads the configuration of the model in a GGUF file: those of ``Family``.
  ///
  /// - Throws: `GGUFError` or `HuggingFaceConfigurationError` for a missing key, a wrong value, or a feature outside
  ///   these families.
  public init(gguf file: GGUFFile) throws {
    var reader = try GGUFConfigurationReader(file)
    self = try reader.configuration()
  }
}
