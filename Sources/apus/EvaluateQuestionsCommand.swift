import ArgumentParser
import Evaluation
import Formats
import Foundation
import Inference
import Reporting

/// `apus evaluate questions`: how many held-out questions a model answers.
struct EvaluateQuestionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "questions",
    abstract: "Ask a model held-out questions, beside a baseline and an untrained model.",
    discussion: """
      Files are those of `apus data synthesize`, heldout/*.jsonl. The baseline gives every question the answer \
      that is most frequent in the examples. Intervals are 95 % (Wilson).

      Example:
        apus evaluate questions my-model --questions world/heldout
      """)

  @Argument(help: "A model's folder or GGUF file, a run folder, or a folder of checkpoints.")
  var model: String

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Files of questions, or folders of them.", valueName: "path"))
  var questions: [String]

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Questions whose most frequent answer is the baseline. Default: the folder examples beside the questions'.",
      valueName: "path"))
  var examples: [String] = []

  @Option(help: "Ask at most so many questions of a file.")
  var limit: Int?

  @OptionGroup var device: DeviceOptions
  @Flag(inversion: .prefixedNo, help: "Ask an untrained model of the same shape too.")
  var untrained = true

  @Option(help: "Write each question with the model's answer to this file, as JSON lines.")
  var answers: String?

  @Flag(help: "Print the figures as JSON.")
  var json = false

  func validate() throws {
    if questions.isEmpty { throw ValidationError("--questions needs at least one file or folder.") }
    if let limit, limit < 1 { throw ValidationError("--limit is \(limit); it must be 1 or more.") }
  }

  func run() throws {
    let asked = try HeldOutQuestions(paths: questions, examples: examples.isEmpty ? nil : examples, limit: limit)
    let model = try LanguageModel(directory: ModelFolder.resolve(model), on: device.backend())
    let given = try answer(asked, by: model, "asking")
    let fresh = untrained ? try answer(asked, by: model.untrained(), "asking an untrained model") : nil
    if let answers { try write(given, to: answers) }
    let results = asked.results(given, untrained: fresh)
    if json {
      print(HeldOutResult.json(results).serializedString(pretty: true))
      return
    }
    var table = TextTable([.left, .right, .left, .right, .right, .right])
    table.add("questions", "", "", "accuracy", "from", "to")
    table.rule()
    for result in results {
      for (i, score) in result.scores.enumerated() {
        table.add(
          i == 0 ? result.task : "", i == 0 ? "\(result.questions)" : "", score.name, percent(score.accuracy),
          percent(score.low), percent(score.high))
      }
    }
    print(table.text, terminator: "")
  }

  private func answer(
    _ asked: HeldOutQuestions, by model: LanguageModel, _ label: String
  ) throws -> [HeldOutQuestions.Answer] {
    let line = ProgressLine(label, total: asked.questions.count, unit: "questions")
    defer { line.finish() }
    return try asked.answers(by: model) { line.update($0) }
  }

  private func percent(_ share: Double?) -> String { share.map { String(format: "%.1f%%", 100 * $0) } ?? "–" }

  private func write(_ answers: [HeldOutQuestions.Answer], to path: String) throws {
    try AtomicFile.write(to: path) { file in
      for answer in answers {
        let object: JSON = [
          "id": .string(answer.question.id), "prompt": .string(answer.question.prompt),
          "answer": .string(answer.question.answer), "completion": .string(answer.completion),
          "right": .bool(answer.isRight),
        ]
        try file.write(object.serializedString() + "\n")
      }
    }
  }
}
