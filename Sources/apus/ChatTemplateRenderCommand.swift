import ArgumentParser
import ChatTemplates
import Formats
import Foundation
import Reporting
import Tokenization

/// `apus chat-template render`
struct ChatTemplateRenderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render",
    abstract: "Print the text that a model reads for each conversation.",
    discussion: """
      A conversation is a line of JSON: a list of messages, or an object with `messages` and, where wanted, `tools`, \
      `documents` and `chat_template_kwargs`, as datasets for chat have them. Without a file, standard input is read.

      What a template marks as written by the assistant, with {% generation %}, is green on a terminal; --json gives \
      its ranges, in characters and in bytes, and with --tokenizer the tokens in them. A conversation that the template refuses is told on standard error; the \
      others are rendered all the same, and the exit status is 1.

      Examples:
        echo '[{"role": "user", "content": "Hello"}]' | apus chat-template render my-model
        apus chat-template render chat_template.jinja talks.jsonl --tools tools.json --json
        apus chat-template render my-model talks.jsonl --variables '{"enable_thinking": false}'
      """)

  @Argument(help: "A model's folder, its tokenizer_config.json, or a file with a template.")
  var template: String

  @Argument(help: "A file of conversations: JSON lines, or one JSON document with the ending .json.")
  var conversations: String?

  @Option(help: "A JSON file with a list of tools, for conversations that bring none.")
  var tools: String?

  @Flag(inversion: .prefixedNo, help: "End the text where the assistant's next turn begins.")
  var generationPrompt = true

  @Option(help: "JSON object with more that the template reads, such as {\"enable_thinking\": false}.")
  var variables: String?

  @Option(help: "Which of the model's templates, where it has several.")
  var name: String?

  @Option(help: "The local time that the template is told, such as 2026-01-31 or 2026-01-31T12:00:00.")
  var now: String?

  @Option(help: "A tokenizer, for the tokens and those that the assistant writes; with --json.")
  var tokenizer: String?

  @Flag(help: "Print a line of JSON a conversation: its text, or why there is none.")
  var json = false

  func validate() throws {
    if tokenizer != nil, !json { throw ValidationError("--tokenizer tells the tokens in JSON; add --json.") }
  }

  func run() throws {
    let templates = try ModelChatTemplates(template)
    let sharedTools = try tools.map { try JSON.parse(contentsOfFile: $0) }
    let variables = templates.specialTokens.merging(try given(variables)) { $1 }
    let moment = try date()
    let output = Terminal.standardOutput
    let tokenizer = try tokenizer.map { try Tokenizer(directory: $0) }
    let conversations = try readConversations()
    var compiled: [Bool: ChatTemplate] = [:]
    var failures = 0
    for (index, conversation) in conversations.enumerated() {
      do {
        let tools = conversation["tools"].flatMap { $0.isNull ? nil : $0 } ?? sharedTools
        let template = try compiled[tools != nil] ?? templates.template(named: name, withTools: tools != nil)
        compiled[tools != nil] = template
        let own = conversation["chat_template_kwargs"]?.objectValue ?? [:]
        let rendered = try template.render(
          messages: conversation["messages"] ?? conversation, tools: tools, documents: conversation["documents"],
          addGenerationPrompt: generationPrompt,
          variables: variables.merging(own.elements.map { ($0.key, $0.value) }) { $1 }, now: moment)
        if !json, conversations.count > 1 { output.write("\(output.paint("── conversation \(index + 1)", "2"))\n") }
        output.write(json ? try line(of: rendered, tokenizer) : shown(rendered, output))
      } catch let error as ChatTemplateError where error.kind != .syntax {
        failures += 1
        if json {
          let object: JSON = ["error": .string(error.description), "kind": .string(error.kind.rawValue)]
          output.write(object.serializedString() + "\n")
        } else {
          Terminal.standardError.write("conversation \(index + 1): \(error)\n")
        }
      }
    }
    if failures > 0 { throw ExitCode(1) }
  }

  private func given(_ variables: String?) throws -> [String: JSON] {
    guard let variables else { return [:] }
    guard case .object(let members) = try JSON.parse(variables, name: "--variables") else {
      throw ValidationError("--variables is no JSON object.")
    }
    return Dictionary(uniqueKeysWithValues: members.elements.map { ($0.key, $0.value) })
  }

  private func date() throws -> Date {
    guard let now else { return Date() }
    if let seconds = LocalTime.seconds(now) { return Date(timeIntervalSince1970: seconds) }
    throw ValidationError("--now is '\(now)'; it must be a date such as 2026-01-31 or 2026-01-31T12:00:00.")
  }

  private func readConversations() throws -> [JSON] {
    let bytes: [UInt8]
    if let conversations {
      bytes = try MappedFile(conversations, advice: .sequential).withBytes { Array($0) }
    } else {
      bytes = Array(try FileHandle.standardInput.readToEnd() ?? Data())
    }
    let source = conversations ?? "standard input"
    if source.hasSuffix(".json") { return [try JSON.parse(bytes, name: source)] }
    return try bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated().compactMap { index, line in
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return nil }
      return try JSON.parse(Array(line), name: "\(source), line \(index + 1)")
    }
  }

  private func shown(_ chat: RenderedChat, _ output: Terminal) -> String {
    let end = chat.text.hasSuffix("\n") ? "" : "\n"
    let bytes = Array(chat.text.utf8)
    var text = ""
    var place = 0
    for span in chat.generations {
      text += String(decoding: bytes[place..<span.bytes.lowerBound], as: UTF8.self)
      text += output.paint(String(decoding: bytes[span.bytes], as: UTF8.self), "32")
      place = span.bytes.upperBound
    }
    return text + String(decoding: bytes[place...], as: UTF8.self) + end
  }

  private func line(of chat: RenderedChat, _ tokenizer: Tokenizer?) throws -> String {
    func ranges(_ part: KeyPath<RenderedChat.Span, Range<Int>>) -> JSON {
      .array(chat.generations.map { [JSON($0[keyPath: part].lowerBound), JSON($0[keyPath: part].upperBound)] })
    }
    var object: JSON = [
      "text": .string(chat.text), "generations": ranges(\.scalars), "generation_bytes": ranges(\.bytes),
      "unplaced_generations": JSON(chat.unplacedGenerations),
    ]
    if let tokenizer {
      let ids = tokenizer.encode(chat.text, specialTokens: .recognised)
      let mask = try tokenizer.mask(ids, of: chat.text, in: chat.generations.map(\.bytes))
      object["tokens"] = .array(ids.map { JSON(Int($0)) })
      object["assistant_masks"] = .array(mask.map { JSON($0 ? 1 : 0) })
    }
    return object.serializedString() + "\n"
  }
}
