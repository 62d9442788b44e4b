import Formats

/// What a tokenizer's folder says besides the model: kept so that saving loses nothing.
struct TokenizerMetadata: Sendable {
  var endOfText: UInt32?
  var beginningOfText: UInt32?
  /// Tokens around a single text.
  var template: (before: [UInt32], after: [UInt32]) = ([], [])
  /// Members of `tokenizer.json` as they were; `preTokenizer` is nil where the tokenizer's own says it.
  var postProcessor: JSON = .null
  var decoder: JSON = byteLevel(useRegex: true)
  var normalizer: JSON = .null
  var preTokenizer: JSON?
  /// Added tokens of the file that are found without being looked for.
  var furtherAddedTokens: [AddedToken] = []
  var truncation: JSON = .null
  var padding: JSON = .null
  /// `model` without the vocabulary and the merges.
  var modelSettings: JSON = .object([:])
  /// `tokenizer_config.json` and `special_tokens_map.json`.
  var configuration: JSON = .object([:])
  var specialTokensMap: JSON = .object([:])
  /// `chat_template.jinja`.
  var chatTemplate: [UInt8]?

  /// The JSON of `ByteLevel`, which stands for a pre-tokenizer, a post-processor and a decoder.
  static func byteLevel(useRegex: Bool) -> JSON {
    .object([
      "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": .bool(useRegex),
    ])
  }

  init() {}

  /// Takes over what a `tokenizer.json` says. A byte-level vocabulary is decoded as one even if the file does not say
  /// so.
  mutating func keep(_ file: JSON, isByteLevel: Bool) {
    let decoder = file["decoder"] ?? .null
    if !isByteLevel || !decoder.isNull { self.decoder = decoder }
    postProcessor = file["post_processor"] ?? .null
    normalizer = file["normalizer"] ?? .null
    preTokenizer = file["pre_tokenizer"] ?? .null
    truncation = file["truncation"] ?? .null
    padding = file["padding"] ?? .null
    modelSettings = file["model"] ?? .object([:])
  }

  /// For a vocabulary trained here.
  init(trainedWithEndOfText endOfText: UInt32?, _ addedTokens: [AddedToken]) {
    self.endOfText = endOfText
    postProcessor = Self.byteLevel(useRegex: true)
    var decoderTable: JSON = .object([:])
    for token in addedTokens { decoderTable[String(token.id)] = token.description(withID: false) }
    configuration = .object([
      "added_tokens_decoder": decoderTable, "clean_up_tokenization_spaces": false,
      "model_max_length": .integer(1_000_000_000_000_000_019), "tokenizer_class": "PreTrainedTokenizerFast",
    ])
    guard let endOfText, let end = addedTokens.first(where: { $0.id == endOfText }) else { return }
    configuration["eos_token"] = .string(end.content)
    specialTokensMap["eos_token"] = .string(end.content)
  }

  /// Names the tokens that begin and end a text, for files that know them by number.
  mutating func name(beginning: Int?, end: Int?, _ model: TokenizerModel) {
    if configuration.objectValue?.isEmpty ?? true {
      configuration = [
        "clean_up_tokenization_spaces": false, "model_max_length": .integer(1_000_000_000_000_000_019),
        "tokenizer_class": "PreTrainedTokenizerFast",
      ]
    }
    func find(_ id: Int?) -> (UInt32, JSON)? {
      guard let id, let number = UInt32(exactly: id), let token = model.vocabulary[number] else { return nil }
      return (number, .string(model.addedByID[number]?.content ?? String(decoding: token, as: UTF8.self)))
    }
    if let (id, text) = find(beginning) {
      beginningOfText = id
      configuration["bos_token"] = text
      specialTokensMap["bos_token"] = text
    }
    if let (id, text) = find(end) {
      endOfText = id
      configuration["eos_token"] = text
      specialTokensMap["eos_token"] = text
    }
  }

  /// Finds the tokens that begin and end a text in `tokenizer_config.json`, else in `special_tokens_map.json`.
  mutating func findTextBorders(_ model: TokenizerModel) {
    func token(_ key: String) -> UInt32? {
      for table in [configuration, specialTokensMap] {
        let content = table[key]?.stringValue ?? table[key]?["content"]?.stringValue
        if let content {
          let bytes = Array(content.utf8)
          if let id = model.addedByContent[bytes] ?? model.vocabulary.id(bytes) { return id }
        }
      }
      return nil
    }
    endOfText = token("eos_token")
    beginningOfText = token("bos_token")
    // A lone tokenizer.json names no role, but these contents have only one.
    for content in ["<|endoftext|>", "<|end_of_text|>", "</s>"] where endOfText == nil {
      endOfText = model.addedByContent[Array(content.utf8)]
    }
  }
}

extension AddedToken {
  /// The token as `added_tokens` writes it, or without its number as `added_tokens_decoder` does.
  func description(withID: Bool) -> JSON {
    var value: JSON = withID ? .object(["id": .integer(Int64(id))]) : .object([:])
    value["content"] = .string(content)
    value["single_word"] = .bool(singleWord)
    value["lstrip"] = .bool(leftStrip)
    value["rstrip"] = .bool(rightStrip)
    value["normalized"] = .bool(isNormalized)
    value["special"] = .bool(isSpecial)
    return value
  }

  /// Reads an element of `added_tokens`.
  init(_ value: JSON, file: String) throws(TokenizerError) {
    guard let id = value["id"]?.intValue, id >= 0, id < BPETrainer.largestVocabulary else {
      throw TokenizerError(
        file, "an element of added_tokens has no usable id, it must be from 0 to \(BPETrainer.largestVocabulary - 1)")
    }
    guard let content = value["content"]?.stringValue, !content.isEmpty else {
      throw TokenizerError(file, "the added token \(id) has no content, it must be a text")
    }
    func flag(_ key: String, _ otherwise: Bool) throws(TokenizerError) -> Bool {
      guard let value = value[key] else { return otherwise }
      guard let flag = value.boolValue else {
        throw TokenizerError(file, "\(key) of the added token \(id) is \(value.kind), it must be true or false")
      }
      return flag
    }
    let isSpecial = try flag("special", false)
    self.init(
      id: UInt32(id), content: content, isSpecial: isSpecial, singleWord: try flag("single_word", false),
      leftStrip: try flag("lstrip", false), rightStrip: try flag("rstrip", false),
      isNormalized: try flag("normalized", !isSpecial))
  }
}
