import ChatTemplates
import Formats
public import Inference

/// Chats as the texts that models read, and the ends of their answers.
public struct ChatPrompt: Sendable {
  private let template: ChatTemplate
  private let tokens: [String: JSON]

  /// The chat template of a model's folder or file.
  /// - Throws: a sentence where it has none, or it is damaged.
  public init(folder: String) throws {
    let templates = try ModelChatTemplates(folder)
    template = try templates.template()
    tokens = templates.specialTokens
  }

  /// Writes a chat up to where the assistant's turn begins; throws `ChatTemplateError` where the template refuses it.
  public var renderer: @Sendable ([PromptStyle.Message]) throws -> String {
    { messages in
      let turns = JSON.array(messages.map { ["role": .string($0.role), "content": .string($0.content)] })
      return try template.render(messages: turns, addGenerationPrompt: true, variables: tokens).text
    }
  }

  /// The model with the ends of its turns, and those that are no tokens.
  public func endingTurns(_ model: LanguageModel) -> (model: LanguageModel, stopStrings: [String]) {
    model.endingTurns(of: template, variables: tokens)
  }
}
