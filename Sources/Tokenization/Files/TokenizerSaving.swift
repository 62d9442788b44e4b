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
    writer.member("truncation", .null)
    writer.member("padding", .null)
    writer.member("added_tokens", .array(model.addedTokens.map { $0.description(withID: true) }))
    writer.member("normalizer", .null)
    writer.member("pre_tokenizer", model.preTokenizer.json)
    writer.member("post_processor", metadata.postProcessor)
    writer.member("decoder", metadata.decoder)
    writer.raw(",\n  \"model\": {\n    \"type\": \"BPE\",\n    \"dropout\": null")
    let unknown = model.unknownToken.map { JSON.string(text(of: $0.id)) } ?? .null
    writer.raw(",\n    \"unk_token\": \(unknown.serializedString())")
    writer.raw(",\n    \"continuing_subword_prefix\": null,\n    \"end_of_word_suffix\": null")
    writer.raw(",\n    \"fuse_unk\": \(model.unknownToken?.isFused ?? false),\n    \"byte_fallback\": false")
    writer.raw(",\n    \"ignore_merges\": \(model.ignoresMerges),\n    \"vocab\": {")
    var isFirst = true
    for id in 0..<UInt32(model.isInModel.count) where model.isInModel[Int(id)] {
      writer.raw(isFirst ? "\n      " : ",\n      ")
      writer.string(text(of: id))
      writer.raw(": \(id)")
      isFirst = false
    }
    writer.raw("\n    },\n    \"merges\": [")
    isFirst = true
    for merge in model.merges.merges {
      writer.raw(isFirst ? "\n      [" : ",\n      [")
      writer.string(text(of: merge.left))
      writer.raw(", ")
      writer.string(text(of: merge.right))
      writer.raw("]")
      isFirst = false
    }
    writer.raw("\n    ]\n  }\n}\n")
    return writer.bytes
  }

  /// How the file writes a token of the model.
  private func text(of id: UInt32) -> String {
    if let added = model.addedByID[id] { return added.content }
    let bytes = model.vocabulary[id] ?? []
    return model.literalTokens.contains(id) ? String(decoding: bytes, as: UTF8.self) : ByteAlphabet.text(of: bytes)
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
