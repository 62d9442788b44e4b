import ArgumentParser
import ChatTemplates
import Formats
import Foundation
import Inference
import Reporting

/// `apus chat`: a conversation with a model.
struct ChatCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat",
    abstract: "Talk with a model in the terminal.",
    discussion: """
      Answers appear as they are written. /help lists the commands; Ctrl-C stops an answer, Ctrl-D leaves. A line that \
      ends in \\ goes on in the next, and \"\"\" begins and ends a text of several lines. Without a terminal, each \
      line of standard input is a question of one conversation; --once takes all of it as one.

      The conversation is written down by the model's own chat template, as transformers does it: special tokens in \
      what you type are marks to the model too, which a note tells you of. Temperature and the other settings that are \
      not given are those of generation_config.json, else temperature 0.8 and 2,048 tokens an answer.

      Examples:
        apus chat my-model
        apus chat my-model --system 'You answer in one sentence.' --temperature 0.6 --top-p 0.95
        apus chat my-model --prompt 'What is a swift?' --greedy
        apus chat my-model --once --json < question.txt
        apus chat runs/first --template chatml
      """)

  @Argument(help: "A model's folder, a GGUF file, a run folder, or a folder of checkpoints.")
  var model: String

  @Option(help: "Ask this and leave.")
  var prompt: String?

  @Option(help: "What the model is told before the conversation.")
  var system: String?

  @Option(help: "Instead of the model's chat template: chatml, or a file or folder with one.")
  var template: String?

  @Option(help: "JSON object with more that the template reads, such as {\"enable_thinking\": false}.")
  var variables: String?

  @OptionGroup(title: "How tokens are chosen")
  var sampling: SamplingOptions

  @Flag(help: "Take all of standard input as one question.")
  var once = false

  @Flag(help: "Tell after each answer what was read and written, and how fast.")
  var stats = false

  @OptionGroup var compute: ComputeOptions

  @Flag(help: "Print a JSON object an answer; for --prompt and standard input that is no terminal.")
  var json = false

  func validate() throws {
    if once, prompt != nil { throw ValidationError("--once reads the question; leave out --prompt.") }
  }

  func run() throws {
    let folder = try ModelFolder.resolve(model)
    let (template, specialTokens) = try chatTemplate(folder)
    let given = try variables.map { try JSON.parse($0, name: "--variables") } ?? .object([:])
    guard case .object(let members) = given else {
      throw InferenceError("--variables", "holds \(given.kind); it must be a JSON object")
    }
    let language = try compute.load(folder)
    let settings = sampling.settings(language.defaults, maxTokens: 2048)
    try settings.check()
    let session = ChatSession(
      language, template: template,
      variables: specialTokens.merging(members.elements.map { ($0.key, $0.value) }) { $1 }, systemPrompt: system)
    var talk = ChatTalk(session, settings: settings, model: folder, showsStatistics: stats, json: json)
    if let prompt {
      try talk.ask(prompt)
    } else if once {
      try talk.ask(String(decoding: FileHandle.standardInput.readToEnd() ?? Data(), as: UTF8.self))
    } else {
      try talk.run(LineInput())
    }
  }

  private func chatTemplate(_ folder: String) throws -> (ChatTemplate, [String: JSON]) {
    if let template, let builtIn = BuiltInTemplate(rawValue: template) { return (try builtIn.template(), [:]) }
    guard let templates = try ModelChatTemplates.found(in: template ?? folder) else {
      throw InferenceError(
        template ?? folder,
        "has no chat template (chat_template.jinja, or chat_template in tokenizer_config.json); --template chatml "
          + "takes a common one, --template FILE your own")
    }
    return (try templates.template(), templates.specialTokens)
  }
}
