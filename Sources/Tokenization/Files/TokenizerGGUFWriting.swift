public import Formats
public import OrderedCollections

extension Tokenizer {
  /// The metadata of a GGUF file that describes this tokenizer: the keys that begin with `tokenizer.`, as llama.cpp
  /// reads them. BPE over bytes is its "gpt2", BPE over characters with bytes for the rest its "llama".
  /// - Parameters:
  ///   - vocabularySize: rows of the model's embedding; rows without a token get a name of their own.
  ///   - name: what the tokenizer is called in errors.
  /// - Throws: `TokenizerError` for a kind of tokenizer that llama.cpp has no name for.
  public func ggufMetadata(
    vocabularySize: Int, name: String
  ) throws -> OrderedDictionary<String, GGUFValue> {
    let document = GGUFTokenizerDocument(json: try JSON.parse(tokenizerJSON(), name: name), name: name)
    var values = try document.model(addedTokens: addedTokens, vocabularySize: vocabularySize)
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
    let template =
      metadata.chatTemplate.map { String(decoding: $0, as: UTF8.self) }
      ?? metadata.configuration["chat_template"]?.stringValue
    if let template { values["tokenizer.chat_template"] = .string(template) }
    return values
  }
}

/// A `tokenizer.json` on its way into a GGUF file.
private struct GGUFTokenizerDocument {
  let json: JSON
  let name: String

  /// llama.cpp's kinds of tokens.
  private enum Kind: Int32 {
    case normal = 1, unknown, control, userDefined, unused, byte
  }

  /// Vocabulary, merges or scores, and how text is cut.
  func model(addedTokens: [AddedToken], vocabularySize: Int) throws -> OrderedDictionary<String, GGUFValue> {
    guard let model = json["model"], model["type"]?.stringValue ?? "BPE" == "BPE",
      let vocabulary = model["vocab"]?.objectValue
    else { throw TokenizerError(name, "only BPE can be written to GGUF, and this tokenizer is of another kind") }
    let merges = (model["merges"]?.arrayValue ?? []).map { merge in
      merge.arrayValue?.map { $0.stringValue ?? "" }
        ?? merge.stringValue.map { $0.split(separator: " ").map(String.init) } ?? []
    }
    let hasByteTokens = model["byte_fallback"]?.boolValue ?? false
    var tokens = (0..<vocabularySize).map { "[PAD\($0)]" }
    var kinds = [Kind](repeating: .unused, count: vocabularySize)
    var scores = [Float](repeating: 0, count: vocabularySize)
    for (token, id) in vocabulary {
      guard let id = id.intValue, tokens.indices.contains(id) else { continue }
      tokens[id] = token
      kinds[id] = hasByteTokens && isByte(token) ? .byte : .normal
    }
    for token in addedTokens where token.id < vocabularySize {
      // llama.cpp looks for these in the text as it was, before spaces become marks.
      tokens[Int(token.id)] =
        hasByteTokens && !token.isSpecial ? token.content.replacing("\u{2581}", with: " ") : token.content
      kinds[Int(token.id)] = token.isSpecial ? .control : .userDefined
    }
    var values: OrderedDictionary<String, GGUFValue> = [:]
    if hasByteTokens {
      if let unknown = model["unk_token"]?.stringValue.flatMap({ vocabulary[$0]?.intValue }), unknown < vocabularySize {
        kinds[unknown] = .unknown
      }
      // A token is made where its score is best; the first merge that makes it says how early that is.
      for (rank, merge) in merges.enumerated().reversed() {
        if let id = vocabulary[merge.joined()]?.intValue, scores.indices.contains(id) { scores[id] = Float(-rank) }
      }
      values["tokenizer.ggml.model"] = .string("llama")
      values["tokenizer.ggml.pre"] = .string("default")
      values["tokenizer.ggml.scores"] = .numbers(.float32(scores))
      values["tokenizer.ggml.add_space_prefix"] = .bool(try putsMarkInFront())
    } else {
      values["tokenizer.ggml.model"] = .string("gpt2")
      values["tokenizer.ggml.pre"] = .string(try nameOfCutting(ignoresMerges: model["ignore_merges"]?.boolValue ?? false))
      values["tokenizer.ggml.merges"] = .strings(GGUFStrings(merges.map { $0.joined(separator: " ") }))
      values["tokenizer.ggml.add_space_prefix"] = .bool(false)
    }
    values["tokenizer.ggml.tokens"] = .strings(GGUFStrings(tokens))
    values["tokenizer.ggml.token_type"] = .numbers(.int32(kinds.map(\.rawValue)))
    return values
  }

  /// Whether a token stands for a byte, as in `<0x0A>`.
  private func isByte(_ token: String) -> Bool {
    token.utf8.count == 6 && token.hasPrefix("<0x") && token.hasSuffix(">")
  }

  /// Whether a space is put before a text; spaces must become U+2581, as llama.cpp does it.
  private func putsMarkInFront() throws -> Bool {
    let mark = "\u{2581}"
    var replaces = false
    var prepends = false
    for part in [json["normalizer"], json["pre_tokenizer"]] {
      let steps = part?["normalizers"]?.arrayValue ?? part?["pretokenizers"]?.arrayValue ?? [part ?? .null]
      for step in steps {
        switch step["type"]?.stringValue {
        case "Prepend" where step["prepend"]?.stringValue == mark: prepends = true
        case "Replace" where step["content"]?.stringValue == mark: replaces = true
        case "Metaspace":
          replaces = true
          prepends = step["prepend_scheme"]?.stringValue != "never"
        default: continue
        }
      }
    }
    guard replaces else {
      throw TokenizerError(name, "llama.cpp marks spaces with U+2581 in such a vocabulary, and this tokenizer does not")
    }
    return prepends
  }

  /// llama.cpp's name for how text is cut into words.
  private func nameOfCutting(ignoresMerges: Bool) throws -> String {
    guard let cutting = PreTokenizer(json["pre_tokenizer"] ?? .null), json["normalizer"]?.isNull ?? true else {
      throw TokenizerError(name, "cuts or changes text in a way that llama.cpp has no name for")
    }
    switch (cutting.pattern, cutting.digits) {
    case (.gpt2, .none): return "gpt-2"
    case (.gpt2, .individual): return "smollm"
    case (.qwen2, .none): return "qwen2"
    // The same expression; the second does not take a word that is a token for that token at once.
    case (.llama3, .none): return ignoresMerges ? "llama-bpe" : "dbrx"
    default: throw TokenizerError(name, "cuts text in a way that llama.cpp has no name for")
    }
  }
}
