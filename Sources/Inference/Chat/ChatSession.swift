public import ChatTemplates
public import Formats

/// A conversation with a model.
///
/// Each turn renders the whole conversation through the chat template and encodes it as transformers does: special
/// tokens are recognised wherever they stand in the rendered text, in what people wrote too, and the tokenizer adds
/// none of its own. What is in memory from the turns before is not read again, as far as the tokens are the same.
public struct ChatSession: Sendable {
  /// Who answers.
  public let model: LanguageModel
  /// How the conversation is written down.
  public let template: ChatTemplate
  /// What the template reads besides the messages: special tokens, `enable_thinking` and the like.
  public var variables: [String: JSON]
  /// What stands before the conversation; nil leaves that to the template.
  public var systemPrompt: String?
  /// The turns, from the first.
  public private(set) var messages: [ChatMessage] = []
  private let turnEnds: [String]
  private var memory: PromptMemory?

  /// Begins a conversation.
  public init(
    _ model: LanguageModel, template: ChatTemplate, variables: [String: JSON] = [:], systemPrompt: String? = nil
  ) {
    (self.model, turnEnds) = model.endingTurns(of: template, variables: variables)
    self.template = template
    self.variables = variables
    self.systemPrompt = systemPrompt
  }

  /// The system prompt, where there is one, and the turns.
  public var transcript: [ChatMessage] {
    (systemPrompt.map { [ChatMessage(role: "system", content: $0)] } ?? []) + messages
  }

  /// The special tokens that stand in a text: the model reads them as marks of the conversation and not as text.
  public func specialTokens(in text: String) -> [String] {
    model.tokenizer.encode(text, specialTokens: .recognised).filter(model.tokenizer.isSpecial)
      .map { model.tokenizer.text([$0]) }
  }

  /// Says something and answers it. What is not answered, as the conversation has become too long or the answer was
  /// stopped before it began, is not kept.
  /// - Parameters:
  ///   - each: told the answer's text as it comes.
  ///   - isStopped: asked before each pass through the model; true ends the answer, of which what there is stays.
  /// - Throws: `ChatTemplateError` when the template refuses the conversation, `InferenceError` when it is longer than
  ///   the model's context, and what `each` throws.
  public mutating func ask(
    _ text: String, settings: SamplingSettings, each: (_ text: String) throws -> Void = { _ in },
    isStopped: () -> Bool = { false }
  ) throws -> ChatAnswer {
    let before = messages
    messages.append(ChatMessage(role: "user", content: text))
    do {
      return try answer(settings, isStopped, each)
    } catch {
      messages = before
      throw error
    }
  }

  /// Answers the last question again; the answer that there was is forgotten.
  /// - Throws: `InferenceError` where nothing was asked, and as ``ask(_:settings:each:isStopped:)``.
  public mutating func regenerate(
    settings: SamplingSettings, each: (_ text: String) throws -> Void = { _ in },
    isStopped: () -> Bool = { false }
  ) throws -> ChatAnswer {
    let before = messages
    guard let last = messages.lastIndex(where: { $0.role == "user" }) else {
      throw InferenceError("The conversation", "has no question yet; ask one")
    }
    messages.removeSubrange((last + 1)...)
    do {
      return try answer(settings, isStopped, each)
    } catch {
      messages = before
      throw error
    }
  }

  /// Forgets the last question and its answer; returns the question, nil where there is none.
  @discardableResult
  public mutating func undo() -> String? {
    guard let last = messages.lastIndex(where: { $0.role == "user" }) else { return nil }
    let question = messages[last].content
    messages.removeSubrange(last...)
    return question
  }

  /// Forgets all turns; the system prompt stays.
  public mutating func clear() { messages = [] }

  /// The tokens of the conversation up to where the next answer begins.
  /// - Throws: `ChatTemplateError` when the template refuses it.
  public func promptTokens() throws -> [UInt32] {
    let rendered = try template.render(
      messages: .array(transcript.map(\.json)), addGenerationPrompt: true, variables: variables)
    return model.tokenizer.encode(rendered.text, specialTokens: .recognised)
  }

  private mutating func answer(
    _ settings: SamplingSettings, _ isStopped: () -> Bool, _ each: (String) throws -> Void
  ) throws -> ChatAnswer {
    let prompt = try promptTokens()
    let context = model.configuration.contextLength
    guard prompt.count < context else {
      throw InferenceError(
        "The conversation", "has \(prompt.count) tokens, and the model's context has room for \(context); clear it, "
          + "or take back the last turns")
    }
    var request = GenerationRequest(prompt, settings: settings)
    request.settings.stopStrings += turnEnds
    request.memory = memory
    request.keepsMemory = true
    let remembered = memory?.shared(with: prompt) ?? 0
    memory = nil
    var batch = GenerationBatch(model)
    try batch.add(request)

    let started = ContinuousClock.now
    var first: ContinuousClock.Instant?
    var last = started
    while true {
      let pieces = isStopped() ? [batch.stop(request: 0, sample: 0)].compactMap(\.self) : batch.step()
      for piece in pieces {
        if piece.token != nil {
          last = .now
          first = first ?? last
        }
        if !piece.text.isEmpty { try each(piece.text) }
        guard let generation = piece.generation else { continue }
        memory = piece.memory
        if generation.reason == .stopped, generation.tokens.isEmpty {
          messages.removeLast()
        } else {
          messages.append(ChatMessage(role: "assistant", content: generation.text))
        }
        return ChatAnswer(
          generation: generation, remembered: remembered,
          readingSeconds: started.duration(to: first ?? .now) / .seconds(1),
          writingSeconds: (first ?? last).duration(to: last) / .seconds(1))
      }
    }
  }
}
