import ArgumentParser
import Evaluation
import Formats
import Foundation
import Reporting

/// `apus evaluate score`: what stored completions are worth.
struct EvaluateScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Score completions that were written down earlier, without a model.",
    discussion: """
      COMPLETIONS is a file of JSON lines (.gz too): {"completion": "…"} or {"completions": ["…"]}, with the question's \
      own keys, or with a key that names a row of --questions. Programs in Python run locked in: no network, no files \
      but their own, bounded time and memory.

      Example:
        apus evaluate score samples.jsonl --task humaneval --questions HumanEval.jsonl.gz --k 1,10
        apus evaluate score gsm8k-answers.jsonl --task gsm8k --scores scored.jsonl
      """)

  @Argument(help: "Completions, as JSON lines.")
  var completions: String

  @Option(help: "\(ScorerCatalog.benchmarkNames.joined(separator: ", ")).")
  var task: String

  @Option(help: "The rows of the questions, as JSON lines, where the completions do not hold them.")
  var questions: String?

  @Option(
    help: "The key that names a question in both files. Default: task_id, question_id, id or index, else the order.")
  var key: String?

  @Option(help: "Where a row has its reference. Default: the task's.")
  var reference: String?

  @Option(help: "Report pass@k for these k, separated by commas.")
  var k: String?

  @Option(help: ArgumentHelp("Options of the scorer as JSON, such as '{\"timeout\": 10}'.", valueName: "json"))
  var options: String = "{}"

  @Option(help: "Write each completion with its score to this file, as JSON lines.")
  var scores: String?

  @Flag(help: "Print the figures as JSON.")
  var json = false

  func validate() throws {
    guard ScorerCatalog.benchmarkNames.contains(task) else {
      throw ValidationError(
        "--task is \(task); it must be one of \(ScorerCatalog.benchmarkNames.joined(separator: ", ")).")
    }
    _ = try passNumbers()
  }

  func run() throws {
    let options = try JSON.parse(Array(options.utf8), name: "--options")
    let benchmark = try ScorerCatalog.forBenchmark(task, options: options)
    let stored = try StoredCompletions(completions, questions: questions, key: key)
    let line = ProgressLine("scoring", total: stored.items.count, unit: "questions")
    let result = try stored.scored(by: benchmark.scorer, reference: reference ?? benchmark.reference) {
      line.update($0)
    }
    line.finish()
    if let scores { try write(result, to: scores) }
    let rows = try figures(result)
    if json {
      let figures = rows.map { row -> JSON in
        ["metric": .string(row.name), "value": .number(row.value), "stderr": row.error.map { .number($0) } ?? .null]
      }
      let output: JSON = [
        "task": .string(task), "questions": .integer(Int64(result.scored.count)),
        "completions": .integer(Int64(result.scored.reduce(0) { $0 + $1.scores.count })), "figures": .array(figures),
      ]
      print(output.serializedString(pretty: true))
      return
    }
    var table = TextTable([.left, .right, .right])
    table.add("\(result.scored.count) questions", "value", "±")
    table.rule()
    for row in rows { table.add(row.name, percent(row.value), row.error.map(percent) ?? "–") }
    print(table.text, terminator: "")
  }

  private func figures(
    _ result: StoredCompletions.Result
  ) throws -> [(name: String, value: Double, error: Double?)] {
    let most = result.scored.map(\.scores.count).max() ?? 1
    var rows: [(name: String, value: Double, error: Double?)] = []
    for metric in result.metrics {
      let mean = result.mean(metric)
      rows.append((most > 1 ? "\(metric) (avg@\(most))" : metric, mean.value, mean.standardError))
      if most > 1, result.scored.contains(where: { $0.scores.contains { $0.answer != nil } }) {
        let majority = result.majority(metric)
        rows.append(("\(metric) (maj@\(most))", majority.value, majority.standardError))
      }
      for k in try passNumbers() {
        guard let pass = result.pass(metric, k: k) else {
          throw ValidationError("--k asks for pass@\(k), but a question has fewer completions.")
        }
        rows.append(("\(metric) (pass@\(k))", pass.value, pass.standardError))
      }
    }
    return rows
  }

  private func passNumbers() throws -> [Int] {
    try (k ?? "").split(separator: ",").map { text in
      guard let number = Int(text), number > 0 else {
        throw ValidationError("--k is \(k ?? ""); it must be whole numbers above 0, separated by commas.")
      }
      return number
    }
  }

  private func percent(_ share: Double) -> String { String(format: "%.2f%%", 100 * share) }

  private func write(_ result: StoredCompletions.Result, to path: String) throws {
    try AtomicFile.write(to: path) { file in
      for (item, scores) in result.scored {
        for (completion, score) in zip(item.completions, scores) {
          var object: JSON = ["id": .string(item.id), "completion": .string(completion)]
          for metric in result.metrics { object[metric] = score.values[metric].map { .number($0) } }
          object["answer"] = score.answer.map { .string($0) }
          object["note"] = score.note.map { .string($0) }
          try file.write(object.serializedString() + "\n")
        }
      }
    }
  }
}
