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
    let added = try Self.addedTokens(rest["added_tokens"], name)
    let settings = rest["model"] ?? .null
    let model =
      switch settings["type"]?.stringValue ?? (settings["type"] == nil ? "BPE" : "") {
      case "BPE": try Self.mergingModel(document, settings, added)
      case "Unigram": try Self.unigramModel(document, settings, added)
      default:
        throw TokenizerError(
          name, "model.type is \(settings["type"]?.serializedString() ?? "null"), it must be \"BPE\" or \"Unigram\"")
      }
    var metadata = TokenizerMetadata()
    metadata.keep(rest, isByteLevel: model.isByteLevel)
    metadata.template = try PostProcessorTemplate.read(metadata.postProcessor, file: name)
    self.init(model: model, metadata: metadata)
    self.metadata.findTextBorders(model)
  }

  private static func addedTokens(_ value: JSON?, _ name: String) throws(TokenizerError) -> [AddedToken] {
    var added: [AddedToken] = []
    var taken: Set<UInt32> = []
    for value in value?.arrayValue ?? [] {
      let token = try AddedToken(value, file: name)
      guard taken.insert(token.id).inserted else {
        throw TokenizerError(name, "two added tokens have the number \(token.id), each needs its own")
      }
      added.append(token)
    }
    return added
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
}
