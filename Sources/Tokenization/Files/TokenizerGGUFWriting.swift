public import Formats
public import OrderedCollections

extension Tokenizer {
  /// The metadata of a GGUF file that describes this tokenizer: the keys that begin with `tokenizer.`, as llama.cpp
  /// reads them. Its token types: 1 normal, 3 special, 4 added, 5 unused.
  /// - Parameters:
  ///   - vocabularySize: rows of the model's embedding; rows without a token get a name of their own.
  ///   - name: what the tokenizer is called in errors.
  /// - Throws: `TokenizerError` for a kind of tokenizer that llama.cpp has no name for.
  public func ggufMetadata(
    vocabularySize: Int, name: String
  ) throws -> OrderedDictionary<String, GGUFValue> {
    let document = try JSON.parse(tokenizerJSON(), name: name)
    guard let model = document["model"], let vocabulary = model["vocab"]?.objectValue else {
      throw TokenizerError(name, "the tokenizer has no vocabulary by number; llama.cpp needs byte-level BPE here")
    }
    var tokens = [String?](repeating: nil, count: vocabularySize)
    var types = [Int32](repeating: 5, count: vocabularySize)
    for (token, id) in vocabulary {
      guard let id = id.intValue, tokens.indices.contains(id) else { continue }
      tokens[id] = token
      types[id] = 1
    }
    for token in addedTokens where token.id < vocabularySize {
      tokens[Int(token.id)] = token.content
      types[Int(token.id)] = token.isSpecial ? 3 : 4
    }
    let merges = model["merges"]?.arrayValue ?? []
    var values: OrderedDictionary<String, GGUFValue> = [
      "tokenizer.ggml.model": .string("gpt2"),
      "tokenizer.ggml.pre": .string(try Self.llamaCppName(document, file: name)),
      "tokenizer.ggml.tokens": .strings(GGUFStrings(tokens.enumerated().map { $1 ?? "[PAD\($0)]" })),
      "tokenizer.ggml.token_type": .numbers(.int32(types)),
      "tokenizer.ggml.merges": .strings(
        GGUFStrings(merges.map { merge in (merge.arrayValue ?? []).map { $0.stringValue ?? "" }.joined(separator: " ") })),
    ]
    if let token = beginningOfText { values["tokenizer.ggml.bos_token_id"] = .uint32(token) }
    if let token = endOfText { values["tokenizer.ggml.eos_token_id"] = .uint32(token) }
    for (key, setting) in [("unknown_token_id", "unk_token"), ("padding_token_id", "pad_token")] {
      let named = metadata.configuration[setting]
      guard let content = named?.stringValue ?? named?["content"]?.stringValue, let id = id(for: content) else { continue }
      values["tokenizer.ggml.\(key)"] = .uint32(id)
    }
    let (before, after) = metadata.template
    values["tokenizer.ggml.add_bos_token"] = .bool(beginningOfText != nil && before.first == beginningOfText)
    values["tokenizer.ggml.add_eos_token"] = .bool(endOfText != nil && after.last == endOfText)
    values["tokenizer.ggml.add_space_prefix"] = .bool(false)
    if let template = chatTemplateText { values["tokenizer.chat_template"] = .string(template) }
    return values
  }

  /// The chat template, of a file of its own or of `tokenizer_config.json`.
  private var chatTemplateText: String? {
    metadata.chatTemplate.map { String(decoding: $0, as: UTF8.self) }
      ?? metadata.configuration["chat_template"]?.stringValue
  }

  /// llama.cpp's name for how text is cut into words.
  private static func llamaCppName(_ document: JSON, file: String) throws -> String {
    guard let cutting = PreTokenizer(document["pre_tokenizer"] ?? .null) else {
      throw TokenizerError(file, "llama.cpp has no name for its pre_tokenizer")
    }
    let ignoresMerges = document["model"]?["ignore_merges"]?.boolValue ?? false
    switch (cutting.pattern, cutting.digits) {
    case (.gpt2, .none): return "gpt-2"
    case (.gpt2, .individual): return "smollm"
    case (.qwen2, .none): return "qwen2"
    // The same expression; the second does not take a word that is a token for that token at once.
    case (.llama3, .none): return ignoresMerges ? "llama-bpe" : "dbrx"
    default:
      throw TokenizerError(
        file, "llama.cpp has no name for the pre-tokenizer \(cutting.pattern) with digits \(cutting.digits)")
    }
  }
}
