import ChatTemplates
import Formats
import Testing

/// Where a model keeps its templates.
@Suite struct ModelChatTemplatesTests {
  @Test func aFileOfItsOwnComesFirst() throws {
    let folder = try TemporaryFolder()
    try folder.file(
      "tokenizer_config.json",
      #"{"chat_template": "old", "bos_token": "<s>", "eos_token": {"content": "</s>", "lstrip": false}, "pad_token": null}"#
    )
    #expect(try ModelChatTemplates(folder.path).template().source == "old")
    try folder.file("chat_template.jinja", "{{ bos_token }}new\n")
    try folder.file("additional_chat_templates/tool_use.jinja", "with tools")
    let templates = try ModelChatTemplates(folder.path)
    #expect(templates.specialTokens == ["bos_token": "<s>", "eos_token": "</s>"])
    #expect(try templates.template().render(messages: [], variables: templates.specialTokens).text == "<s>new")
    #expect(try templates.template(withTools: true).source == "with tools")
    #expect(try templates.template(named: "default", withTools: true).source == "{{ bos_token }}new\n")
    let error = try #require(throws: ChatTemplateError.self) { try templates.template(named: "rag") }
    #expect(error.description.contains("'rag'; it has default, tool_use"))
  }

  @Test func namedTemplatesStandInAList() throws {
    let folder = try TemporaryFolder()
    let list = #"[{"name": "default", "template": "d"}, {"name": "rag", "template": "r"}]"#
    try folder.file("tokenizer_config.json", "{\"chat_template\": \(list)}")
    let templates = try ModelChatTemplates(folder.path.appendingPath("tokenizer_config.json"))
    #expect(templates.sources == ["default": "d", "rag": "r"])
    #expect(try templates.template(named: "rag").source == "r")
    try folder.file("plain.txt", "p")
    #expect(try ModelChatTemplates(folder.path.appendingPath("plain.txt")).template().source == "p")
  }

  @Test func whatIsNoTemplateIsNamed() throws {
    let folder = try TemporaryFolder()
    func problem() -> String {
      do { return "\(try ModelChatTemplates(folder.path).sources)" } catch { return "\(error)" }
    }
    #expect(problem().contains("has no chat template"))
    for (text, expected) in [
      ("[]", "is no JSON object"), (#"{"chat_template": 5}"#, "'chat_template' is a whole number"),
      (#"{"chat_template": [{"name": "x"}]}"#, "'chat_template' element 1 needs"), ("{", "line 1"),
    ] {
      try folder.file("tokenizer_config.json", text)
      #expect(problem().contains(expected) && problem().contains("tokenizer_config.json"), "\(problem())")
    }
  }
}
