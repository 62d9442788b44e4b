import Formats

extension Tokenizer {
  /// Reads a tokenizer's folder as `tokenizers` and `transformers` write it: `tokenizer.json`, and where they are there
  /// `tokenizer_config.json`, `special_tokens_map.json` and `chat_template.jinja`.
  ///
  /// Instead of a folder the path may name a `tokenizer.json`, a SentencePiece model, a file of ranks as `tiktoken` has
  /// them (of Llama 3 and 4, Qwen and GPT, told by their number), or Mistral's `tekken.json`. A folder may hold one of
  /// these under its usual name, or GPT-2's vocabulary and merges. Truncation and padding in the file are not applied.
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
      return
    }
    for (vocabulary, merges) in [("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe")] {
      let files = (vocabulary: path.appendingPath(vocabulary), merges: path.appendingPath(merges))
      guard Paths.exists(files.vocabulary), Paths.exists(files.merges) else { continue }
      try self.init(gpt2Vocabulary: files.vocabulary, merges: files.merges)
      try readCompanions(path)
      return
    }
    let names = try Paths.names(inFolder: path).sorted()
    let known =
      ["tokenizer.model", "tekken.json"].first(where: names.contains) ?? names.first { $0.hasSuffix(".tiktoken") }
    guard let known else {
      throw TokenizerError(
        path,
        "there is no tokenizer in this folder: no tokenizer.json, tokenizer.model, tekken.json, *.tiktoken, nor "
          + "vocab.json with merges.txt")
    }
    try self.init(file: path.appendingPath(known), folder: nil)
    try readCompanions(path)
  }

  private init(file: String, folder: String?) throws {
    if file.hasSuffix(".gguf") {
      try self.init(gguf: GGUFFile(file))
      return
    }
    let mapped = try MappedFile(file, advice: .sequential)
    self = try mapped.withBytes { bytes in
      if RankFile.looksLikeOne(bytes) { return try Tokenizer(knownRanks: bytes, name: file) }
      if SentencePieceFile.looksLikeOne(bytes) { return try Tokenizer(sentencePiece: bytes, name: file) }
      if TekkenFile.looksLikeOne(bytes) { return try Tokenizer(tekken: bytes, name: file) }
      var tokenizer = try Tokenizer(json: bytes, name: file)
      if let folder { try tokenizer.readCompanions(folder) }
      tokenizer.metadata.findTextBorders(tokenizer.model)
      return tokenizer
    }
  }

  /// Reads the text of a `tokenizer.json`.
  /// - Parameter name: What to call it in errors.
  public init(json bytes: UnsafeBufferPointer<UInt8>, name: String = "tokenizer.json") throws {
    try self.init(TokenizerDocument(bytes, name: name))
    metadata.findTextBorders(model)
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
