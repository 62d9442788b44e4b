import ArgumentParser
import Evaluation
import Formats
import Foundation
import Inference
import Reporting

/// `apus evaluate prompts`: whether a model does what it is asked.
struct EvaluatePromptsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prompts",
    abstract: "Ask a model fifty requests in eight categories whose answers a program judges.",
    discussion: """
      Strict: every check of a request passes and the response is clean. Checks: the share of checks that pass. Clean: \
      no other speaker, no marks of a template, no endless repetition. Responses are greedy. Programs that the model \
      writes run locked in; this needs Python 3.

      A base model is asked in a plain form, "Instruction: … Response:"; --chat asks in the model's chat template, as \
      fine-tuned models expect it.

      Examples:
        apus evaluate prompts my-model --details responses.jsonl
        apus evaluate prompts my-model --chat --system "You are brief."
      """)

  @Argument(help: "A model's folder, a GGUF file, a run folder, or a folder of checkpoints.")
  var model: String

  @OptionGroup var device: DeviceOptions
  @Flag(help: "Ask in the model's chat template.")
  var chat = false

  @Option(help: "The system message, or what stands before everything.")
  var system: String?

  @Option(help: "Tokens of a response, at most.")
  var maxTokens = 200

  @Option(help: "Write each response with its judgement to this file, as JSON lines.")
  var details: String?

  @Flag(help: "Run the model's programs even where the kernel cannot lock them in.")
  var unsafePrograms = false

  @Flag(help: "Print the figures as JSON.")
  var json = false

  func validate() throws {
    if maxTokens < 1 { throw ValidationError("--max-tokens is \(maxTokens); it must be 1 or more.") }
  }

  func run() throws {
    let rows = try PromptSuite.rows()
    let scorer = try PromptSuiteScorer(options: ["unsafe": .bool(unsafePrograms)])
    let folder = try ModelFolder.resolve(model)
    let chatPrompt = chat ? try ChatPrompt(folder: folder) : nil
    let model = try LanguageModel(directory: folder, on: device.backend())
    let line = ProgressLine("asking", total: rows.count, unit: "requests")
    let responses = try PromptSuite.responses(
      model, rows: rows, chat: chatPrompt, system: system ?? "", maxTokens: maxTokens, progress: { line.update($0) })
    line.finish()
    var scored: [(row: JSON, response: String, score: AnswerScore)] = []
    for (row, response) in zip(rows, responses) {
      let scores = try scorer.scores(question: row, reference: .null, completions: [response])
      for score in scores { scored.append((row, response, score)) }
    }
    if let details { try write(scored, to: details) }
    show(scored, scorer.metrics)
  }

  private func show(_ scored: [(row: JSON, response: String, score: AnswerScore)], _ metrics: [String]) {
    var table = TextTable([.left] + Array(repeating: .right, count: metrics.count + 1))
    table.add(["category", "requests"] + metrics)
    table.rule()
    var figures: JSON = .null
    for category in PromptSuite.categories + ["all"] {
      let own = scored.filter { category == "all" || $0.row["category"]?.stringValue == category }
      if category == "all" { table.rule() }
      let shares = metrics.map { metric in
        own.reduce(0) { $0 + ($1.score.values[metric] ?? 0) } / Double(max(1, own.count))
      }
      table.add([category, "\(own.count)"] + shares.map { String(format: "%.1f%%", 100 * $0) })
      var entry: JSON = ["requests": .integer(Int64(own.count))]
      for (metric, share) in zip(metrics, shares) { entry[metric] = .number(share) }
      figures[category] = entry
    }
    print(json ? figures.serializedString(pretty: true) + "\n" : table.text, terminator: "")
  }

  private func write(_ scored: [(row: JSON, response: String, score: AnswerScore)], to path: String) throws {
    try AtomicFile.write(to: path) { file in
      for (row, response, score) in scored {
        var object: JSON = [
          "id": row["id"] ?? .null, "category": row["category"] ?? .null, "prompt": row["prompt"] ?? .null,
          "response": .string(response),
        ]
        for (metric, value) in score.values.sorted(by: { $0.key < $1.key }) { object[metric] = .number(value) }
        object["note"] = score.note.map { .string($0) }
        try file.write(object.serializedString() + "\n")
      }
    }
  }
}
