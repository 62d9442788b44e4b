/// How questions and examples become one text: written one after another, or as the turns of a chat.
public struct PromptStyle: Sendable {
  /// One turn of a chat.
  public struct Message: Sendable, Equatable {
    /// `system`, `user` or `assistant`.
    public var role: String
    public var content: String

    /// A turn.
    public init(role: String, content: String) {
      self.role = role
      self.content = content
    }
  }

  /// An answered question.
  struct Example {
    var question: String
    var answer: String
  }

  /// Turns a chat into the text that a model reads, up to where its answer begins; nil: plain text.
  public var chat: (@Sendable ([Message]) throws -> String)?
  /// What the model is told before everything.
  public var system: String
  /// Whether each example is a turn of its own in a chat, rather than part of the question.
  public var examplesAsTurns: Bool

  /// A style; plain text by default.
  public init(
    chat: (@Sendable ([Message]) throws -> String)? = nil, system: String = "", examplesAsTurns: Bool = true
  ) {
    self.chat = chat
    self.system = system
    self.examplesAsTurns = examplesAsTurns
  }

  var isChat: Bool { chat != nil }

  func text(
    instruction: String, examples: [Example], question: String, delimiter: String, separator: String
  ) throws -> String {
    let before = system.isEmpty || instruction.isEmpty ? system + instruction : system + separator + instruction
    let written = examples.map { $0.question + delimiter + $0.answer + separator }.joined()
    guard let chat else { return before + written + question }
    var messages = before.isEmpty ? [] : [Message(role: "system", content: before)]
    if examplesAsTurns {
      for example in examples {
        messages.append(Message(role: "user", content: example.question))
        messages.append(Message(role: "assistant", content: example.answer))
      }
      messages.append(Message(role: "user", content: question))
    } else {
      messages.append(Message(role: "user", content: written + question))
    }
    return try chat(messages)
  }
}
