import Formats

extension Tokenizer {
  /// Writes the folder: `tokenizer.json`, `tokenizer_config.json`, `special_tokens_map.json`, and the chat template if
  /// there is one. `tokenizers` and `transformers` load it and give the same tokens.
  ///
  /// The folder is made if it is missing; each file is written beside and renamed.
  public func save(directory: String) throws {
    try Paths.createFolder(directory)
    try AtomicFile.write(tokenizerJSON(), to: directory.appendingPath("tokenizer.json"))
    try AtomicFile.write(
      metadata.configuration.serialized(pretty: true), to: directory.appendingPath("tokenizer_config.json"))
    try AtomicFile.write(
      metadata.specialTokensMap.serialized(pretty: true), to: directory.appendingPath("special_tokens_map.json"))
    if let template = metadata.chatTemplate {
      try AtomicFile.write(template, to: directory.appendingPath("chat_template.jinja"))
    }
  }

  /// The text of `tokenizer.json`.
  public func tokenizerJSON() -> [UInt8] {
    var writer = TokenizerWriter()
    writer.member("version", "1.0", isFirst: true)
    writer.member("truncation", metadata.truncation)
    writer.member("padding", metadata.padding)
    writer.member("added_tokens", .array(savedTokens.map { $0.description(withID: true) }))
    writer.member("normalizer", metadata.normalizer)
    writer.member("pre_tokenizer", metadata.preTokenizer ?? model.preTokenizer.json)
    writer.member("post_processor", metadata.postProcessor)
    writer.member("decoder", metadata.decoder)
    writer.raw(",\n  \"model\": {")
    var isFirst = true
    for (key, value) in modelSettings.objectValue ?? [:] {
      writer.raw((isFirst ? "" : ",") + "\n    \"\(key)\": \(value.serializedString())")
      isFirst = false
    }
    if case .unigram(let unigram) = model.algorithm {
      writePieces(unigram, &writer)
    } else {
      writeVocabulary(&writer)
      writeMerges(&writer)
    }
    writer.raw("\n  }\n}\n")
    return writer.bytes
  }

  /// All added tokens, also those that are found without being looked for.
  var savedTokens: [AddedToken] {
    (model.addedTokens + metadata.furtherAddedTokens).sorted { $0.id < $1.id }
  }

  /// The members of `model` before the vocabulary.
  private var modelSettings: JSON {
    if case .unigram = model.algorithm { return metadata.modelSettings }
    let unknown = model.unknownToken.map { JSON.string(text(of: $0.id)) } ?? .null
    var settings: JSON = .object([
      "type": "BPE", "dropout": .null, "unk_token": unknown, "continuing_subword_prefix": .null,
      "end_of_word_suffix": .null, "fuse_unk": .bool(model.unknownToken?.isFused ?? false), "byte_fallback": false,
      "ignore_merges": .bool(model.ignoresMerges),
    ])
    for (key, value) in metadata.modelSettings.objectValue ?? [:] { settings[key] = value }
    return settings
  }

  private func writePieces(_ unigram: UnigramModel, _ writer: inout TokenizerWriter) {
    writer.raw(",\n    \"vocab\": [")
    for (id, score) in unigram.scores.enumerated() {
      writer.raw(id == 0 ? "\n      [" : ",\n      [")
      writer.string(model.pieceText(UInt32(id)))
      writer.raw(", \(JSON.number(score).serializedString())]")
    }
    writer.raw("\n    ]")
  }

  private func writeVocabulary(_ writer: inout TokenizerWriter) {
    writer.raw(",\n    \"vocab\": {")
    var isFirst = true
    for id in 0..<UInt32(model.isInModel.count) where model.isInModel[Int(id)] {
      writer.raw(isFirst ? "\n      " : ",\n      ")
      writer.string(text(of: id))
      writer.raw(": \(id)")
      isFirst = false
    }
    writer.raw("\n    }")
  }

  private func writeMerges(_ writer: inout TokenizerWriter) {
    writer.raw(",\n    \"merges\": [")
    var isFirst = true
    for merge in model.merges.merges {
      writer.raw(isFirst ? "\n      [" : ",\n      [")
      writer.string(text(of: merge.left))
      writer.raw(", ")
      writer.string(text(of: merge.right))
      writer.raw("]")
      isFirst = false
    }
    writer.raw("\n    ]")
  }

  /// How the file writes a token of the model.
  func text(of id: UInt32) -> String {
    if let added = model.addedByID[id] { return added.content }
    let bytes = model.vocabulary[id] ?? []
    return !model.isByteLevel || model.literalTokens.contains(id)
      ? String(decoding: bytes, as: UTF8.self) : ByteAlphabet.text(of: bytes)
  }
}

/// Puts JSON text together; the vocabulary is too long to build values for.
private struct TokenizerWriter {
  var bytes: [UInt8] = Array("{\n".utf8)

  mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

  mutating func member(_ key: String, _ value: JSON, isFirst: Bool = false) {
    raw(isFirst ? "  \"\(key)\": " : ",\n  \"\(key)\": ")
    bytes.append(contentsOf: value.serialized())
  }

  /// A string; the byte alphabet has no control characters, other tokens may.
  mutating func string(_ text: String) {
    bytes.append(0x22)
    for byte in text.utf8 {
      switch byte {
      case 0x22, 0x5c: bytes.append(contentsOf: [0x5c, byte])
      case 0..<0x20, 0x7f: raw("\\u00" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16))
      default: bytes.append(byte)
      }
    }
    bytes.append(0x22)
  }
}
