import Formats

extension Tokenizer {
  /// Reads a tokenizer's folder as `tokenizers` and `transformers` write it: `tokenizer.json`, and where they are there
  /// `tokenizer_config.json`, `special_tokens_map.json` and `chat_template.jinja`.
  ///
  /// Instead of a folder the path may name a `tokenizer.json`, or a file of ranks as `tiktoken` has them
  /// (`tokenizer.model`), which is taken for Llama 3's. Truncation and padding in the file are not applied.
  /// - Throws: An error that names what is missing, damaged or not supported.
  public init(directory path: String) throws {
    guard Paths.exists(path) else {
      throw TokenizerError(path, "there is nothing here, it must be a tokenizer's folder")
    }
    guard Paths.isFolder(path) else {
      try self.init(file: path, folder: nil)
      return
    }
    let file = path.appendingPath("tokenizer.json")
    if Paths.exists(file) {
      try self.init(file: file, folder: path)
    } else if case let ranks = path.appendingPath("tokenizer.model"), Paths.exists(ranks) {
      try self.init(file: ranks, folder: nil)
    } else {
      throw TokenizerError(path, "there is no tokenizer.json in this folder")
    }
  }

  private init(file: String, folder: String?) throws {
    let mapped = try MappedFile(file, advice: .sequential)
    self = try mapped.withBytes { bytes in
      if RankFile.looksLikeOne(bytes) { return try Tokenizer(ranks: bytes, name: file) }
      var tokenizer = try Tokenizer(json: bytes, name: file)
      if let folder { try tokenizer.readCompanions(folder) }
      tokenizer.metadata.findTextBorders(tokenizer.model)
      return tokenizer
    }
  }

  /// Reads the text of a `tokenizer.json`.
  /// - Parameter name: What to call it in errors.
  public init(json bytes: UnsafeBufferPointer<UInt8>, name: String = "tokenizer.json") throws {
    let document = try TokenizerDocument(bytes, name: name)
    let rest = document.rest
    let modelJSON = rest["model"] ?? .null
    try Self.refuseUnsupported(modelJSON, name)
    try Self.refuseNormalizer(rest["normalizer"] ?? .null, name)
    let preTokenizer = try PreTokenizer(rest["pre_tokenizer"] ?? .null, file: name)
    let decoder = rest["decoder"] ?? .null
    try Self.refuseDecoder(decoder, name)

    var added: [AddedToken] = []
    var taken: Set<UInt32> = []
    for value in rest["added_tokens"]?.arrayValue ?? [] {
      let token = try AddedToken(value, file: name)
      guard taken.insert(token.id).inserted else {
        throw TokenizerError(name, "two added tokens have the number \(token.id), each needs its own")
      }
      added.append(token)
    }
    let (tokens, literalTokens) = try document.tokens()
    var unknown: UnknownToken?
    if let content = modelJSON["unk_token"]?.stringValue {
      var bytes: [UInt8] = []
      ByteAlphabet.appendBytes(ofText: Array(content.utf8), to: &bytes)
      let id = tokens.firstIndex { $0.elementsEqual(bytes) } ?? added.first { $0.content == content }.map { Int($0.id) }
      guard let id else { throw TokenizerError(name, "model.unk_token is \"\(content)\", which is no token") }
      unknown = UnknownToken(id: UInt32(id), isFused: modelJSON["fuse_unk"]?.boolValue ?? false)
    }
    let model = try TokenizerModel(
      tokens: tokens, literalTokens: literalTokens, addedTokens: added, preTokenizer: preTokenizer,
      ignoresMerges: modelJSON["ignore_merges"]?.boolValue ?? false, unknownToken: unknown,
      merges: { vocabulary throws(TokenizerError) in try document.merges(vocabulary) })

    var metadata = TokenizerMetadata()
    metadata.decoder = decoder.isNull ? metadata.decoder : decoder
    metadata.postProcessor = rest["post_processor"] ?? .null
    metadata.template = try PostProcessorTemplate.read(metadata.postProcessor, file: name)
    self.init(model: model, metadata: metadata)
    self.metadata.findTextBorders(model)
  }

  private mutating func readCompanions(_ folder: String) throws {
    func object(_ file: String) throws -> JSON? {
      let path = folder.appendingPath(file)
      guard Paths.exists(path) else { return nil }
      let value = try JSON.parse(contentsOfFile: path)
      guard value.objectValue != nil else {
        throw TokenizerError(path, "this is \(value.kind), it must be an object")
      }
      return value
    }
    if let value = try object("tokenizer_config.json") { metadata.configuration = value }
    if let value = try object("special_tokens_map.json") { metadata.specialTokensMap = value }
    let template = folder.appendingPath("chat_template.jinja")
    if Paths.exists(template) { metadata.chatTemplate = try MappedFile(template).withBytes { Array($0) } }
  }

  private static func refuseUnsupported(_ model: JSON, _ file: String) throws(TokenizerError) {
    if let type = model["type"], type.stringValue != "BPE" {
      throw TokenizerError(file, "model.type is \(type), it must be \"BPE\"")
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let value = model[key], !value.isNull, value.stringValue != "" {
        throw TokenizerError(file, "model.\(key) is \(value), which is not supported: it must be null")
      }
    }
    if let dropout = model["dropout"], !dropout.isNull, dropout.doubleValue != 0 {
      throw TokenizerError(file, "model.dropout is \(dropout), which is not supported: it must be null")
    }
    if model["byte_fallback"]?.boolValue == true {
      throw TokenizerError(file, "model.byte_fallback is true, which is not supported: it must be false")
    }
  }

  private static func refuseNormalizer(_ value: JSON, _ file: String) throws(TokenizerError) {
    if value.isNull { return }
    if value["type"]?.stringValue == "Sequence", value["normalizers"]?.arrayValue?.isEmpty == true { return }
    let type = value["type"]?.stringValue ?? value.kind
    throw TokenizerError(file, "the normalizer \(type) is not supported: it must be null, so that no text is changed")
  }

  private static func refuseDecoder(_ value: JSON, _ file: String) throws(TokenizerError) {
    if value.isNull { return }
    let steps = value["type"]?.stringValue == "Sequence" ? value["decoders"]?.arrayValue ?? [] : [value]
    for step in steps where !["ByteLevel", "Fuse"].contains(step["type"]?.stringValue ?? "") {
      throw TokenizerError(
        file, "the decoder \(step["type"]?.stringValue ?? step.kind) is not supported: it must be ByteLevel")
    }
  }
}
