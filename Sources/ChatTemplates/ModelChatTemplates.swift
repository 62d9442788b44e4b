public import Formats

/// The chat templates that a model's folder or a file brings, and the special tokens that they may read.
public struct ModelChatTemplates: Sendable {
  /// Where they were found.
  public let path: String
  /// The texts of the templates by name; the usual one is `default`.
  public private(set) var sources: [String: String] = [:]
  /// `bos_token`, `eos_token` and the like, as the tokenizer's configuration has them.
  public private(set) var specialTokens: [String: JSON] = [:]

  /// Looks in a folder for `chat_template.jinja`, `additional_chat_templates/NAME.jinja` and the key `chat_template` of
  /// `tokenizer_config.json`, in this order; or reads a file: GGUF, JSON with the key `chat_template`, or else the
  /// template.
  /// - Throws: `FileError`, `JSONError` or `ChatTemplateError` when there is none, or it is not what it should be.
  public init(_ path: String) throws {
    try self.init(reading: path)
    try check()
  }

  /// The templates of a model's folder or file; nil where it has none.
  /// - Throws: `FileError` or `JSONError` where what stands there is damaged.
  public static func found(in path: String) throws -> ModelChatTemplates? {
    let templates = try ModelChatTemplates(reading: path)
    return templates.sources.isEmpty ? nil : templates
  }

  private init(reading path: String) throws {
    self.path = path
    guard Paths.isFolder(path) else {
      if path.hasSuffix(".gguf") {
        read(try GGUFFile(path))
      } else if path.hasSuffix(".json") {
        try read(configuration: path)
      } else {
        sources["default"] = try TextFile.read(path)
      }
      return
    }
    for name in ["tokenizer_config.json", "chat_template.json"] {
      let configuration = path.appendingPath(name)
      if Paths.exists(configuration) { try read(configuration: configuration) }
    }
    let file = path.appendingPath("chat_template.jinja")
    if Paths.exists(file) { sources = ["default": try TextFile.read(file)] }
    let folder = path.appendingPath("additional_chat_templates")
    if Paths.isFolder(folder) {
      for name in try Paths.names(inFolder: folder) where name.hasSuffix(".jinja") {
        sources[String(name.dropLast(".jinja".count))] = try TextFile.read(folder.appendingPath(name))
      }
    }
  }

  /// Takes templates that were found elsewhere, such as the `tokenizer.chat_template` of a GGUF file.
  /// - Throws: `ChatTemplateError` when there is none.
  public init(_ path: String, sources: [String: String], specialTokens: [String: JSON]) throws {
    (self.path, self.sources, self.specialTokens) = (path, sources, specialTokens)
    try check()
  }

  /// The template of that name; without a name `tool_use` where tools are given and it exists, else `default`.
  /// - Throws: `ChatTemplateError` when there is no such template or it is not the language.
  public func template(named name: String? = nil, withTools: Bool = false) throws -> ChatTemplate {
    let chosen = name ?? (withTools && sources["tool_use"] != nil ? "tool_use" : "default")
    let label = sources.count > 1 ? "\(path) (\(chosen))" : path
    guard let source = sources[chosen] else {
      let found = sources.keys.sorted().joined(separator: ", ")
      throw problem("there is no chat template named '\(chosen)'; it has \(found)")
    }
    return try ChatTemplate(source: source, name: label)
  }

  private func problem(_ text: String) -> ChatTemplateError {
    ChatTemplateError(kind: .input, name: path, line: nil, problem: text)
  }

  private func check() throws {
    if sources.isEmpty {
      throw problem("has no chat template: no chat_template.jinja and no 'chat_template' in tokenizer_config.json")
    }
  }

  private mutating func read(_ file: GGUFFile) {
    if let source = file.metadata["tokenizer.chat_template"]?.stringValue { sources["default"] = source }
    guard let tokens = file.metadata["tokenizer.ggml.tokens"]?.stringsValue else { return }
    for kind in ["bos", "eos", "unknown", "padding"] {
      guard let id = file.metadata["tokenizer.ggml.\(kind)_token_id"]?.intValue, tokens.indices.contains(id) else { continue }
      let name = ["unknown": "unk", "padding": "pad"][kind] ?? kind
      specialTokens["\(name)_token"] = .string(tokens[id])
    }
  }

  private mutating func read(configuration path: String) throws {
    let document = try JSON.parse(contentsOfFile: path)
    guard case .object(let members) = document else {
      throw FileError(path: path, problem: "is no JSON object")
    }
    for (key, value) in members where key.hasSuffix("_token") {
      if let text = value.stringValue ?? value["content"]?.stringValue { specialTokens[key] = .string(text) }
    }
    switch members["chat_template"] {
    case nil, .null?: break
    case .string(let source)?: sources["default"] = source
    case .array(let list)?:
      for (index, entry) in list.enumerated() {
        guard let name = entry["name"]?.stringValue, let source = entry["template"]?.stringValue else {
          throw FileError(
            path: path, problem: "'chat_template' element \(index + 1) needs strings 'name' and 'template'")
        }
        sources[name] = source
      }
    case .object(let named)?:
      for (name, source) in named {
        guard let source = source.stringValue else {
          throw FileError(path: path, problem: "'chat_template' '\(name)' is \(source.kind), not a string")
        }
        sources[name] = source
      }
    case let other?:
      throw FileError(
        path: path, problem: "'chat_template' is \(other.kind), not a string or a list of named templates")
    }
  }
}
