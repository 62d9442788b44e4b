import Formats
import Foundation
import Inference
import Reporting

/// The conversation as the terminal shows it.
struct ChatTalk {
  private var session: ChatSession
  private var settings: SamplingSettings
  private let model: String
  private let showsStatistics: Bool
  private let json: Bool
  private let output = Terminal.standardOutput
  private let notes = Terminal.standardError

  init(
    _ session: ChatSession, settings: SamplingSettings, model: String, showsStatistics: Bool, json: Bool
  ) {
    self.session = session
    self.settings = settings
    self.model = model
    self.showsStatistics = showsStatistics
    self.json = json
  }

  /// Answers what is typed or piped until it ends. Somebody who types is told what went wrong and goes on.
  mutating func run(_ input: LineInput) throws {
    if input.isInteractive {
      Interrupt.install()
      notes.write(notes.paint("\(model) listens; /help lists the commands, Ctrl-D leaves.\n", "2"))
    }
    while true {
      let line = input.nextText { isContinued in
        if input.isInteractive { output.write(output.paint(isContinued ? "… " : "> ", "1;36")) }
      }
      switch line {
      case .interrupted: output.write("\n")
      case .end:
        if input.isInteractive { output.write("\n") }
        return
      case .text(let text):
        guard text.contains(where: { !$0.isWhitespace }) else { continue }
        do {
          guard try follow(ChatCommandLine(text)) else { return }
        } catch where input.isInteractive {
          note("\(error)")
        }
        // One that came between answers is not for the next.
        _ = Interrupt.take()
      }
    }
  }

  /// Asks one question.
  mutating func ask(_ question: String) throws {
    for token in Set(session.specialTokens(in: question)).sorted() {
      note("note: \(token) in your text is a mark of the conversation to the model")
    }
    try show { session, settings, each in
      try session.ask(question, settings: settings, each: each, isStopped: { Interrupt.isPending })
    }
  }

  /// Does what a line asks for; false at the end.
  private mutating func follow(_ line: ChatCommandLine) throws -> Bool {
    switch line {
    case .question(let text): try ask(text)
    case .help: notes.write(ChatCommandLine.helpText)
    case .clear: session.clear()
    case .system(let text?):
      session.clear()
      session.systemPrompt = text
    case .system(nil): note(session.systemPrompt ?? "there is no system prompt but what the template has")
    case .undo: note(session.undo().map { "taken back: \($0)" } ?? "there is nothing to take back")
    case .regenerate:
      settings.seed &+= 1
      try show { session, settings, each in
        try session.regenerate(settings: settings, each: each, isStopped: { Interrupt.isPending })
      }
    case .save(let file):
      let object: JSON = ["model": .string(model), "messages": .array(session.transcript.map(\.json))]
      try AtomicFile.write(object.serializedString(pretty: true) + "\n", to: file)
      note("\(session.transcript.count) messages saved to \(file)")
    case .thinking(let isWanted):
      session.variables["enable_thinking"] = .bool(isWanted)
    case .mistake(let sentence): note(sentence)
    case .quit: return false
    }
    return true
  }

  private mutating func show(
    _ answer: (inout ChatSession, SamplingSettings, (String) throws -> Void) throws -> ChatAnswer
  ) throws {
    let (output, json) = (output, json)
    var endsLine = true
    let given = try answer(&session, settings) { text in
      guard !json else { return }
      let shown = output.isInteractive ? Self.printable(text) : text
      output.write(shown)
      endsLine = text.utf8.last == 0x0A
    }
    if json {
      print(object(given).serializedString())
    } else {
      if !endsLine || given.generation.text.isEmpty { output.write("\n") }
      switch given.generation.reason {
      case .maxTokens: note("stopped after \(given.generation.tokens.count) tokens (--max-tokens)")
      case .contextLength: note("the model's context of \(session.model.configuration.contextLength) tokens is full")
      case .stopped: note("stopped")
      case .endOfText, .stopString: break
      }
    }
    if showsStatistics {
      let speed = given.tokensPerSecond.map { String(format: ", %.1f tokens/s", $0) } ?? ""
      note(
        "\(given.read) tokens read, \(given.remembered) remembered, "
          + String(format: "%.2f s; ", given.readingSeconds) + "\(given.generation.tokens.count) written\(speed)")
    }
  }

  private func object(_ answer: ChatAnswer) -> JSON {
    var object: JSON = ["model": .string(model)]
    let question = session.messages.last { $0.role == "user" }
    object["question"] = question.map { .string($0.content) } ?? .null
    object.add(answer.generation, session.model)
    object["remembered_tokens"] = JSON(answer.remembered)
    object["seconds"] = JSON(answer.readingSeconds + answer.writingSeconds)
    object["tokens_per_second"] = answer.tokensPerSecond.map { JSON($0) } ?? .null
    return object
  }

  private func note(_ sentence: String) { notes.write(notes.paint(sentence, "2") + "\n") }

  /// Text without control characters but newline and tab, which could move the cursor or worse.
  private static func printable(_ text: String) -> String {
    var shown = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      let isHarmless = scalar == "\n" || scalar == "\t" || scalar.properties.generalCategory != .control
      shown.append(isHarmless ? scalar : "\u{B7}")
    }
    return String(shown)
  }
}
