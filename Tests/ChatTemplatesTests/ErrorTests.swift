import ChatTemplates
import Formats
import Testing

/// Errors name the template, the line and the problem.
@Suite struct ErrorTests {
  @Test func linesAreThoseOfTheSource() throws {
    let syntax = try failure("a\n\n{% if x %}\n{{ 1 + }}\n{% endif %}")
    #expect(syntax.kind == .syntax && syntax.line == 4)
    #expect(syntax.description == "chat template, line 4: expected an expression, found '}}'")
    let running = try failure("a\r\nb\r\n{{ messages[0].content + 1 }}")
    #expect(running.kind == .failed && running.line == 3)
    #expect(running.description == "chat template, line 3: + does not work with 'str' and 'int'")
    let called = try failure("{% macro m(x) %}\n{{ x.y.z }}\n{% endmacro %}\n\n{{ m({}) }}")
    #expect(called.line == 2 && called.problem == "'dict' has no attribute 'y'")
    let after = try failure("{% macro m() %}\n\n{% endmacro %}\n{{ m() + 1 }}")
    #expect(after.line == 4)
    let open = try failure("a\n{% for x in y %}\nb")
    #expect(
      open.description.hasSuffix("line 3: expected '{% endfor %}' or '{% else %}', found the end of the template"))
  }

  @Test func aTemplateRefusesAConversation() throws {
    let error = try failure("{{ raise_exception('Roles must alternate: ' ~ messages[0].role) }}")
    #expect(error.kind == .raised && error.problem == "Roles must alternate: user")
    #expect(error.description.contains("line 1: the template refuses the conversation: Roles must"))
  }

  @Test func tagsThatNeedFilesAreRefusedByName() throws {
    for tag in ["include", "import", "extends", "from"] {
      let error = try failure("{% \(tag) 'secret.txt' %}")
      #expect(error.kind == .failed && error.problem.contains("{% \(tag) %}"))
    }
  }

  @Test func conversationsAreChecked() throws {
    let template = try ChatTemplate(source: "{{ messages }}", name: "mine.jinja")
    for (messages, problem) in [
      ("hello" as JSON, "not a string"), (["hello"], "message 1 of a conversation is an object, not a string"),
    ] {
      let error = try #require(throws: ChatTemplateError.self) { try template.render(messages: messages) }
      #expect(
        error.kind == .input && error.description.contains(problem) && error.description.hasPrefix("mine.jinja: "))
    }
    #expect(throws: ChatTemplateError.self) { try template.render(messages: [], tools: ["x"]) }
    #expect(throws: ChatTemplateError.self) { try template.render(messages: [], documents: [1]) }
    #expect(throws: ChatTemplateError.self) { try template.render(messages: [], variables: ["messages": []]) }
    #expect(try template.render(messages: [], tools: [], variables: ["x": 1]).text == "[]")
  }

  @Test func reasoningHasTheNamesThatTemplatesRead() throws {
    let template = try ChatTemplate(source: "{{ messages[0] | tojson }}")
    func rendered(_ message: JSON) throws -> String { try template.render(messages: [message]).text }
    #expect(
      try rendered(["role": "assistant", "reasoning": "r"])
        == #"{"thinking": "r", "role": "assistant", "reasoning": "r", "reasoning_content": "r"}"#)
    #expect(
      try rendered(["thinking": "t", "content": "c", "reasoning_content": nil])
        == #"{"thinking": "t", "content": "c", "reasoning_content": "t"}"#)
    #expect(try rendered(["content": "c", "thinking": nil]) == #"{"content": "c"}"#)
  }

  @Test func templatesAreSharedByThreads() async throws {
    let template = try ChatTemplate(source: "{% for m in messages %}{{ m.content | upper }}{% endfor %}")
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for index in 0..<64 {
        group.addTask {
          try template.render(messages: [["role": "user", "content": .string("x\(index)")]]).text == "X\(index)"
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
  }
}
