import Formats
import Foundation

/// A task with the questions that will be asked, before any model is.
public struct PreparedTask: Sendable {
  public let task: EvaluationTask
  /// The split that is asked, and its files.
  public let split: String
  public let files: [String]
  /// Rows of the split in all.
  public let available: Int
  public let questions: [AskedQuestion]
  /// Where a row's question stands among them.
  let positions: [Int: Int]

  /// Reads the data of a task and builds its questions.
  /// - Throws: a sentence naming what is missing or does not fit.
  public init(_ task: EvaluationTask, data: DataRoot, settings: EvaluationSettings) throws {
    let task = try task.applying(settings)
    self.task = task
    let rows: [JSON]
    let splits = settings.split.map { [$0] } ?? task.splits
    if let builtin = task.dataset.builtin {
      (rows, split, files) = (try BuiltinRows.named(builtin), splits[0], [])
    } else {
      guard let found = try data.find(task.dataset, splits: splits) else {
        throw data.missing(task.dataset, splits: splits)
      }
      (rows, split, files) = (try DatasetRows.read(found.files), found.name, found.files)
    }
    guard !rows.isEmpty else { throw EvaluationError(files.first ?? task.name, "holds no rows") }
    available = rows.count

    var exampleRows: [JSON] = []
    var examplesAreAsked = false
    if task.fewShot.count > 0 {
      guard let found = try data.find(task.dataset, splits: task.fewShot.splits) else {
        throw EvaluationError(
          "\(task.name):",
          "its \(task.fewShot.count) examples come from \(task.fewShot.splits.joined(separator: " or ")), which is not "
            + "under \(data.path); bring that file or ask with --few-shot 0")
      }
      examplesAreAsked = found.name == split
      exampleRows = examplesAreAsked ? rows : try DatasetRows.read(found.files)
    }
    let builder = try QuestionBuilder(
      task, style: settings.style, exampleRows: exampleRows, examplesAreAsked: examplesAreAsked,
      asked: rows.count, seed: settings.seed)
    let count = min(settings.limit ?? rows.count, rows.count)
    let chosen =
      settings.shuffle && count < rows.count
      ? ExampleDraws.lightevalOrder(rows.count, seed: settings.seed).order.prefix(count).sorted()
      : Array(0..<count)
    let threads = ProcessInfo.processInfo.activeProcessorCount
    questions = try parallelMap(count: chosen.count, threads: threads) { number in
      Result { try builder.question(rows[chosen[number]], index: chosen[number]) }
    }.map { try $0.get() }
    positions = Dictionary(uniqueKeysWithValues: chosen.enumerated().map { ($0.element, $0.offset) })
  }
}

extension EvaluationTask {
  /// The task with what the settings say in place of its own.
  func applying(_ settings: EvaluationSettings) throws -> EvaluationTask {
    var task = self
    if let count = settings.fewShot { task.fewShot.count = count }
    if case .generation(var prompt) = task.kind {
      prompt.samples = settings.samples ?? prompt.samples
      prompt.temperature = settings.temperature ?? prompt.temperature
      prompt.maxTokens = settings.maxTokens ?? prompt.maxTokens
      guard prompt.samples == 1 || prompt.temperature > 0 else {
        throw EvaluationError(
          name, "would write the same text \(prompt.samples) times at temperature 0; set --temperature")
      }
      prompt.passAt = prompt.passAt.filter { $0 <= prompt.samples }
      task.kind = .generation(prompt)
    }
    return task
  }
}
