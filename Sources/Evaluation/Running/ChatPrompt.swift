/// Chats as the texts that models read.
public enum ChatPrompt {
  /// The chat template of a model's folder.
  public static func renderer(folder: String) throws -> @Sendable ([PromptStyle.Message]) throws -> String {
    throw EvaluationError(folder, "has no chat template")
  }
}
