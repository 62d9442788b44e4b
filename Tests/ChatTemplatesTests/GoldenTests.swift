import ChatTemplates
import Formats
import Testing

/// Templates render as transformers renders them, byte for byte, and are refused where it refuses.
@Suite struct GoldenTests {
  @Test func expressionsAndStatements() throws {
    let golden = try Golden.json("snippets.json")
    let messages = try #require(golden["context"]?["messages"])
    let members = try #require(golden["context"]?["variables"]?.objectValue)
    let variables = Dictionary(uniqueKeysWithValues: members.elements.map { ($0.key, $0.value) })
    let cases = try #require(golden["cases"]?.arrayValue)
    #expect(cases.count > 1000)
    for item in cases {
      let source = try #require(item["template"]?.stringValue)
      let outcome = Result {
        try ChatTemplate(source: source).render(messages: messages, variables: variables, now: Golden.now).text
      }
      switch (outcome, item["expected"]?.stringValue) {
      case (.success(let text), let expected?):
        #expect(Array(text.utf8) == Array(expected.utf8), "\(source) gave \(text), not \(expected)")
      case (.success(let text), nil): Issue.record("\(source) gave \(text) instead of an error")
      case (.failure(let error), let expected?): Issue.record("\(source) gave '\(error)' instead of \(expected)")
      case (.failure(let error), nil): #expect(error is ChatTemplateError)
      }
    }
  }

  @Test(arguments: ["two-minds.jinja", "calls.jinja"]) func conversations(_ name: String) throws {
    let template = try ChatTemplate(source: TextFile.read(Golden.path(name)), name: name)
    #expect(template.marksGenerations)
    let conversations = try #require(try Golden.json("conversations.json").arrayValue)
    let cases = try #require(try Golden.json("chats.json").arrayValue).filter { $0["template"]?.stringValue == name }
    #expect(cases.count == 2 * conversations.count)
    for item in cases {
      let number = try #require(item["conversation"]?.intValue)
      let conversation = conversations[number]
      let outcome = Result {
        try template.render(
          messages: try #require(conversation["messages"]), tools: conversation["tools"],
          documents: conversation["documents"], addGenerationPrompt: item["prompt"] == true,
          variables: Dictionary(
            uniqueKeysWithValues: (conversation["variables"]?.objectValue ?? [:]).elements.map { ($0.key, $0.value) }),
          now: Golden.now)
      }
      guard let expected = item["text"]?.stringValue else {
        #expect(throws: ChatTemplateError.self, "conversation \(number)") { try outcome.get() }
        continue
      }
      let chat = try outcome.get()
      #expect(Array(chat.text.utf8) == Array(expected.utf8), "conversation \(number): \(chat.text)")
      let spans: JSON = .array(chat.generations.map { [JSON($0.scalars.lowerBound), JSON($0.scalars.upperBound)] })
      #expect(spans == item["generations"], "conversation \(number)")
      #expect(chat.unplacedGenerations == 0)
    }
  }
}
