public import Formats

/// One turn of a conversation.
public struct ChatMessage: Sendable, Equatable {
  /// Who speaks: `system`, `user` or `assistant`.
  public var role: String
  /// What is said.
  public var content: String

  /// A turn.
  public init(role: String, content: String) {
    self.role = role
    self.content = content
  }

  /// The turn as chat templates and datasets have it.
  public var json: JSON { ["role": .string(role), "content": .string(content)] }
}
