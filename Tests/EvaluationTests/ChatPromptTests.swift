import Evaluation
import Formats
import Inference
import Testing

/// Models are asked in their chat template, and their answers end where its turns do.
@Suite struct ChatPromptTests {
  private static let template = """
    {%- for message in messages -%}<{{ message.role }}>{{ message.content }}</{{ message.role }}>{%- endfor -%}
    {%- if add_generation_prompt %}<assistant>{% endif -%}
    """

  private static func chat() throws -> ChatPrompt {
    let folder = try TemporaryFolder()
    try folder.file("chat_template.jinja", template)
    return try ChatPrompt(folder: folder.path)
  }

  @Test func turnsAreWrittenByTheTemplate() throws {
    let text = try Self.chat().renderer([
      .init(role: "system", content: "Be brief."), .init(role: "user", content: "Who?"),
    ])
    #expect(text == "<system>Be brief.</system><user>Who?</user><assistant>")
    let folder = try TemporaryFolder()
    #expect(sentence { _ = try ChatPrompt(folder: folder.path) }.contains("chat template"))
  }

  @Test func answersEndWithTheTurn() throws {
    let (_, ends) = try Self.chat().endingTurns(try tinyModel())
    #expect(ends == ["</assistant>"])
  }

  @Test func requestsOfTheSuiteAreAskedInTurns() throws {
    let model = try tinyModel(context: 200)
    let rows = Array(try PromptSuite.rows().prefix(2))
    var told: [Int] = []
    func responses(_ chat: ChatPrompt?, _ system: String = "") throws -> [String] {
      try PromptSuite.responses(model, rows: rows, chat: chat, system: system, maxTokens: 4) { told.append($0) }
    }
    let plain = try responses(nil)
    let chat = try responses(Self.chat())
    #expect(plain.count == 2 && chat.count == 2 && told == [1, 2, 1, 2])
    // What the command asks is what a model continues when it is given the same text.
    let text = try Self.chat().renderer([.init(role: "user", content: try #require(rows[0]["prompt"]?.stringValue))])
    let expected = try TextGenerator(model).generateGreedy(prompts: [text], maxTokens: 4)
    #expect(chat[0] == expected[0].text)
    #expect(plain == (try TextGenerator(model).generateGreedy(
      prompts: rows.map(PromptSuite.plainPrompt), maxTokens: 4)).map(\.text))
    #expect(try responses(Self.chat(), "Be brief.") != chat || responses(nil, "Be brief.") != plain)
  }
}
