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
    var values = try ggufVocabulary(size: vocabularySize, name: name)
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

  /// llama.cpp's kinds of tokens.
  private enum GGUFKind: Int32 {
    case normal = 1, unknown, control, userDefined, unused, byte
  }

  /// Tokens with their kinds, merges or scores, and how text is cut.
  private func ggufVocabulary(size: Int, name: String) throws -> OrderedDictionary<String, GGUFValue> {
    let hasByteTokens = metadata.modelSettings["byte_fallback"]?.boolValue ?? false
    switch model.algorithm {
    case .byteMerges: break
    case .characterMerges where hasByteTokens: break
    default:
      throw TokenizerError(
        name, "only BPE over bytes, or over characters with bytes for the rest, can be written to GGUF")
    }
    var tokens = (0..<size).map { "[PAD\($0)]" }
    var kinds = [GGUFKind](repeating: .unused, count: size)
    for id in 0..<min(size, model.isInModel.count) where model.isInModel[id] {
      tokens[id] = text(of: UInt32(id))
      kinds[id] = hasByteTokens && isByte(tokens[id]) ? .byte : .normal
    }
    for token in savedTokens where token.id < size {
      // llama.cpp looks for those that are not special in the text as it was, before spaces become marks.
      tokens[Int(token.id)] =
        hasByteTokens && !token.isSpecial ? token.content.replacing("\u{2581}", with: " ") : token.content
      kinds[Int(token.id)] = token.isSpecial ? .control : .userDefined
    }
    var values: OrderedDictionary<String, GGUFValue> = [:]
    if hasByteTokens {
      if let unknown = metadata.modelSettings["unk_token"]?.stringValue.flatMap(id(for:)), unknown < size {
        kinds[Int(unknown)] = .unknown
      }
      // A token is made where its score is best; the first merge that makes it says how early that is.
      var scores = [Float](repeating: 0, count: size)
      for merge in model.merges.merges.reversed() where merge.merged < size {
        scores[Int(merge.merged)] = -Float(merge.rank)
      }
      values["tokenizer.ggml.model"] = .string("llama")
      values["tokenizer.ggml.pre"] = .string("default")
      values["tokenizer.ggml.scores"] = .numbers(.float32(scores))
      values["tokenizer.ggml.add_space_prefix"] = .bool(try putsMarkInFront(name))
    } else {
      var merges = GGUFStrings()
      for merge in model.merges.merges { merges.append(text(of: merge.left) + " " + text(of: merge.right)) }
      values["tokenizer.ggml.model"] = .string("gpt2")
      values["tokenizer.ggml.pre"] = .string(try ggufNameOfCutting(name))
      values["tokenizer.ggml.merges"] = .strings(merges)
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
  private func putsMarkInFront(_ name: String) throws -> Bool {
    let mark = "\u{2581}"
    var replaces = false
    var prepends = false
    for part in [metadata.normalizer, metadata.preTokenizer ?? .null] {
      for step in part["normalizers"]?.arrayValue ?? part["pretokenizers"]?.arrayValue ?? [part] {
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
  private func ggufNameOfCutting(_ name: String) throws -> String {
    // What brings text to NFC first is known by the same name.
    guard model.segmentation == nil, model.normalizer == nil || metadata.normalizer["type"]?.stringValue == "NFC" else {
      throw TokenizerError(name, "cuts or changes text in a way that llama.cpp has no name for")
    }
    switch (model.preTokenizer.pattern, model.preTokenizer.digits) {
    case (.gpt2, .none): return "gpt-2"
    case (.gpt2, .individual): return "smollm"
    case (.qwen2, .none): return "qwen2"
    case (.qwen35, .none): return "qwen35"
    case (.o200k, .none): return "gpt-4o"
    case (.tekken, .none): return "tekken"
    // The same expression; the second does not take a word that is a token for that token at once.
    case (.llama3, .none): return model.ignoresMerges ? "llama-bpe" : "dbrx"
    default: throw TokenizerError(name, "cuts text in a way that llama.cpp has no name for")
    }
  }
}
