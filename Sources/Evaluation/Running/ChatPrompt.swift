import ChatTemplates
import Formats

/// Chats as the texts that models read.
public enum ChatPrompt {
  /// The chat template of a model's folder, up to where the assistant's turn begins.
  /// - Throws: a sentence where the folder has none, or it is damaged.
  public static func renderer(folder: String) throws -> @Sendable ([PromptStyle.Message]) throws -> String {
    let templates = try ModelChatTemplates(folder)
    let template = try templates.template()
    let tokens = templates.specialTokens
    return { messages in
      let turns = JSON.array(
        messages.map { ["role": .string($0.role), "content": .string($0.content)] })
      return try template.render(messages: turns, addGenerationPrompt: true, variables: tokens).text
    }
  }
}
