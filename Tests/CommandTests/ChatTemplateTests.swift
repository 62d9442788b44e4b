import Foundation
import Testing

/// `apus chat-template` and `apus tokenizer compare`.
@Suite struct ChatTemplateTests {
  @Test func conversationsAreRendered() throws {
    let folder = try TemporaryFolder()
    try folder.file(
      "model/chat_template.jinja",
      "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}{% if m.role == 'assistant' %}{% generation %}é!{% endgeneration %}{% endif %}\n{% endfor %}{{ '>' if add_generation_prompt }}{{ mood }}{{ tools|length if tools }}"
    )
    try folder.file("model/tokenizer_config.json", #"{"bos_token": "<s>"}"#)
    let rows = [
      #"[{"role": "user", "content": "Hi"}]"#,
      #"{"messages": [{"role": "assistant", "content": "A"}], "tools": [{}], "chat_template_kwargs": {"mood": "sad"}}"#,
    ]
    try folder.file("talks.jsonl", rows.joined(separator: "\n") + "\n\n")
    let plain = try folder.run("chat-template", "render", "model", "talks.jsonl", "--variables", #"{"mood": "glad"}"#)
    expectSuccess(plain)
    #expect(plain.output == "── conversation 1\n<s>[user] Hi>glad\n── conversation 2\n<s>[assistant] Aé!>sad1\n")
    let json = try folder.run("chat-template", "render", "model", "talks.jsonl", "--json", "--no-generation-prompt")
    expectSuccess(json)
    #expect(json.output.hasPrefix(#"{"text":"<s>[user] Hi","generations":[],"#))
    #expect(json.output.contains(#""generations":[[16,18]],"generation_bytes":[[16,19]]"#))
  }

  @Test func refusalsAreToldAndTheRestIsRendered() throws {
    let folder = try TemporaryFolder()
    try folder.file("t.jinja", "{% if not messages %}{{ raise_exception('nobody speaks') }}{% endif %}ok")
    try folder.file("talks.jsonl", "[]\n" + #"[{"role": "user"}]"#)
    let outcome = try folder.run("chat-template", "render", "t.jinja", "talks.jsonl")
    #expect(outcome.code == 1 && outcome.output.hasSuffix("ok\n") && outcome.complaint.contains("nobody speaks"))
    try folder.file("broken.jinja", "\n{{ 1 + }}")
    expectFailure(try folder.run("chat-template", "render", "broken.jinja", "talks.jsonl"), "broken.jinja", "line 2")
    expectFailure(try folder.run("chat-template", "render", "nowhere", "talks.jsonl"), "nowhere")
    #expect(try folder.run("chat-template", "render", "t.jinja", "talks.jsonl", "--now", "soon").code == 2)
  }

  @Test func tokenizersAreCompared() throws {
    let folder = try TemporaryFolder()
    try folder.file("story.txt", String(repeating: "The swift flew over the hill and sang. ", count: 50))
    try folder.file("日本.txt", String(repeating: "燕が丘の上を飛んだ。", count: 20))
    for size in ["260", "280"] {
      expectSuccess(
        try folder.run("tokenizer", "train", "--input", "story.txt", "--vocab-size", size, "--output", "t" + size))
    }
    let arguments = ["tokenizer", "compare", "t260", "t280", "--text", "story.txt", "--text", "日本.txt"]
    let table = try Command.run(arguments + ["--page", "page.html"], in: folder.path)
    expectSuccess(table)
    #expect(
      table.output.contains("t280") && table.output.contains("日本") && table.output.contains("every Han character"))
    let page = try String(contentsOfFile: folder.path + "/page.html", encoding: .utf8)
    #expect(page.contains("<svg") && page.contains("Fertility") && page.contains("story"))
    let json = try Command.run(arguments + ["--json"], in: folder.path)
    expectSuccess(json)
    #expect(json.output.contains("\"fertility\"") && json.output.contains("\"bytes_per_token\""))
    expectFailure(try folder.run("tokenizer", "compare", "nowhere", "--text", "story.txt"), "nowhere")
    expectFailure(try folder.run("tokenizer", "compare", "t260", "--text", "missing.txt"), "missing.txt")
    #expect(try folder.run("tokenizer", "compare", "t260").code == 2)
  }
}
