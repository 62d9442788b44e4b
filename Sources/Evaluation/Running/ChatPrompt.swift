import ChatTemplates
import Formats

/// Chats as the texts that models read.
public enum ChatPrompt {
  /// The chat template of a model's folder: `chat_template.jinja`, or the member of `tokenizer_config.json`.
  /// - Throws: a sentence where the folder has none, or it is damaged.
  public static func renderer(folder: String) throws -> @Sendable ([PromptStyle.Message]) throws -> String {
    let file = folder.appendingPath("tokenizer_config.json")
    let configuration: JSON = Paths.exists(file) ? try JSON.parse(contentsOfFile: file) : .null
    let own = folder.appendingPath("chat_template.jinja")
    let source =
      Paths.exists(own)
      ? try MappedFile(own).withBytes { String(decoding: $0, as: UTF8.self) }
      : configuration["chat_template"]?.stringValue
    guard let source else {
      throw EvaluationError(
        folder, "has no chat template (chat_template.jinja, or chat_template in tokenizer_config.json); ask without --chat")
    }
    let template = try ChatTemplate(source: source, name: Paths.exists(own) ? own : file)
    var tokens: [String: JSON] = [:]
    for key in ["bos_token", "eos_token", "unk_token", "pad_token"] {
      let value = configuration[key]
      if let text = value?.stringValue ?? value?["content"]?.stringValue { tokens[key] = .string(text) }
    }
    let variables = tokens
    return { messages in
      let turns = JSON.array(
        messages.map { ["role": .string($0.role), "content": .string($0.content)] })
      return try template.render(messages: turns, addGenerationPrompt: true, variables: variables).text
    }
  }
}
