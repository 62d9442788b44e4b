import ChatTemplates
import Formats
import Inference
import Testing

/// Conversations with a tiny random model.
@Suite struct ChatSessionTests {
  private static func session(context: Int = 400, template: String? = nil) throws -> ChatSession {
    let template = try template.map { try ChatTemplate(source: $0) } ?? BuiltInTemplate.chatml.template()
    return ChatSession(try Tiny.model(context: context), template: template)
  }

  private static let settings = SamplingSettings(temperature: 0.9, seed: 5, maxTokens: 20)

  @Test func chatMLIsWrittenAsItIs() throws {
    let text = try BuiltInTemplate.chatml.template().render(
      messages: [["role": "system", "content": "Be brief."], ["role": "user", "content": "Hi"]],
      addGenerationPrompt: true
    ).text
    #expect(
      text == "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
  }

  @Test func turnsGoOnFromMemoryAndChangeNothing() throws {
    var session = try Self.session()
    var tokens = 0
    for question in ["the swift", "and the river", "over"] {
      var streamed = ""
      let answer = try session.ask(question, settings: Self.settings) { streamed += $0 }
      #expect(streamed == answer.generation.text)
      // A session without memory, with the same turns, answers the same.
      let alone = try TextGenerator(session.model).generate(
        tokens: answer.generation.prompt, settings: Self.settings)
      #expect(answer.generation.tokens == alone.tokens)
      #expect(answer.read + answer.remembered == answer.generation.prompt.count)
      if tokens > 0 { #expect(answer.remembered > tokens / 2 && answer.read < answer.generation.prompt.count) }
      tokens = answer.generation.prompt.count
    }
    #expect(session.messages.map(\.role) == ["user", "assistant", "user", "assistant", "user", "assistant"])
  }

  @Test func turnsAreTakenBackAnsweredAgainAndCleared() throws {
    var session = try Self.session()
    session.systemPrompt = "sing"
    #expect(throws: InferenceError.self) { try session.regenerate(settings: Self.settings) }
    #expect(session.undo() == nil)
    let first = try session.ask("the swift", settings: Self.settings)
    #expect(try session.regenerate(settings: Self.settings).generation == first.generation)
    var other = Self.settings
    other.seed = 6
    #expect(try session.regenerate(settings: other).generation.tokens != first.generation.tokens)
    #expect(session.messages.count == 2 && session.transcript.count == 3)
    _ = try session.ask("the hill", settings: Self.settings)
    #expect(session.undo() == "the hill" && session.messages.count == 2)
    #expect(session.undo() == "the swift" && session.messages.isEmpty)
    #expect(try session.ask("the swift", settings: Self.settings).generation == first.generation)
    session.clear()
    #expect(session.transcript == [ChatMessage(role: "system", content: "sing")])
  }

  @Test func anAnswerMayBeStopped() throws {
    var session = try Self.session()
    let whole = try session.ask("the swift", settings: Self.settings)
    session.clear()
    var asked = 0
    let part = try session.ask(
      "the swift", settings: Self.settings,
      isStopped: {
        asked += 1
        return asked > 5
      })
    #expect(part.generation.reason == .stopped && !part.generation.tokens.isEmpty)
    #expect(whole.generation.tokens.starts(with: part.generation.tokens))
    #expect(session.messages.count == 2)
    // Stopped before it began: the question is not kept.
    let none = try session.ask("more", settings: Self.settings, isStopped: { true })
    #expect(none.generation.tokens.isEmpty && session.messages.count == 2)
    #expect(try session.ask("more", settings: Self.settings).generation.prompt == none.generation.prompt)
  }

  @Test func whatCannotBeAnsweredIsNotKept() throws {
    var session = try Self.session(context: 60)
    let long = sentence { _ = try session.ask(String(repeating: "the hill ", count: 60), settings: Self.settings) }
    #expect(long.contains("context has room for 60") && session.messages.isEmpty)
    var refusing = try Self.session(template: "{{ raise_exception('only questions') }}")
    #expect(sentence { _ = try refusing.ask("the", settings: Self.settings) }.contains("only questions"))
    #expect(refusing.messages.isEmpty)
    struct Broken: Error {}
    var broken = try Self.session()
    #expect(throws: Broken.self) { try broken.ask("the", settings: Self.settings) { _ in throw Broken() } }
    #expect(broken.messages.isEmpty)
    _ = try broken.ask("the", settings: Self.settings)
  }

  @Test func theTemplatesOwnEndEndsTheAnswer() throws {
    let end = "<|endoftext|>"
    let special = try Self.session(template: "{% for m in messages %}{{ m.content }}\(end)\n{% endfor %}")
    let id = try #require(special.model.tokenizer.endOfText)
    #expect(special.model.endOfTextTokens == [id])
    #expect(special.specialTokens(in: "a \(end) b") == [end] && special.specialTokens(in: "a <|im_end|>").isEmpty)
    // Where the tokenizer has no such token, the text ends it.
    let tokenizer = try Tiny.tokenizer()
    var chatML = try Self.session()
    var found = 0
    for seed in 0..<40 as Range<UInt64> {
      var settings = Self.settings
      settings.seed = seed
      settings.maxTokens = 40
      settings.stopStrings = ["e"]
      let answer = try chatML.ask("the", settings: settings)
      found += answer.generation.reason == .stopString ? 1 : 0
      #expect(!answer.generation.text.contains("e"))
      chatML.clear()
    }
    #expect(found > 5 && tokenizer.id(for: "<|im_end|>") == nil)
  }

  @Test func variablesReachTheTemplate() throws {
    var session = try Self.session(template: "{% if enable_thinking %}hm {% endif %}{{ messages[-1].content }}")
    let plain = try session.ask("the", settings: Self.settings).generation.prompt
    session.clear()
    session.variables["enable_thinking"] = true
    let thinking = try session.ask("the", settings: Self.settings).generation.prompt
    let tokenizer = session.model.tokenizer
    #expect(tokenizer.text(plain) == "the" && tokenizer.text(thinking) == "hm the")
  }
}
