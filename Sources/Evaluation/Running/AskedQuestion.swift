public import Formats

/// A question as the model gets it.
public struct AskedQuestion: Sendable {
  /// What the model is asked for.
  public enum Request: Sendable {
    /// The likelihood of each continuation after its context; `gold` is the right one's number.
    case choices(contexts: [String], continuations: [String], texts: [String], gold: Int)
    /// A text after a prompt, judged by a reference.
    case generation(prompt: String, reference: JSON)
    /// The likelihood of a whole document.
    case document(String)
  }

  /// The row's number in its split.
  public let index: Int
  /// The row as it stands in the dataset.
  public let row: JSON
  public let request: Request
}

/// Turns rows into questions: computed fields, few-shot examples, chat turns.
struct QuestionBuilder: Sendable {
  let task: EvaluationTask
  let style: PromptStyle
  /// Rows to take examples from.
  let exampleRows: [JSON]
  private let draws: ExampleDraws

  /// A builder of the questions of a split with `asked` rows; `examplesAreAsked` says that `exampleRows` are those.
  init(
    _ task: EvaluationTask, style: PromptStyle, exampleRows: [JSON], examplesAreAsked: Bool, asked: Int, seed: UInt64
  ) throws {
    self.task = task
    self.style = style
    self.exampleRows = exampleRows
    draws = try ExampleDraws(
      task, rows: exampleRows.count, asked: asked, examplesAreAsked: examplesAreAsked, seed: seed
    ) { try task.answers(exampleRows) }
  }

  /// The question of a row.
  /// - Throws: `EvaluationError` naming the task and the row that does not fit it.
  func question(_ row: JSON, index: Int) throws -> AskedQuestion {
    do {
      return try AskedQuestion(index: index, row: row, request: request(row, index: index))
    } catch {
      throw EvaluationError("\(task.name), row \(index):", "\(error)")
    }
  }

  private func request(_ row: JSON, index: Int) throws -> AskedQuestion.Request {
    let examples = try examples(row, index)
    let row = try task.computed(row)
    switch task.kind {
    case .perplexity(let rule): return .document(try rule.text(row))
    case .generation(let prompt):
      let text = try style.text(
        instruction: task.instruction, examples: examples, question: try prompt.prompt.text(row),
        delimiter: task.delimiter, separator: task.fewShot.separator)
      return .generation(prompt: text, reference: try prompt.reference.value(row))
    case .choices(let prompt):
      let texts = try prompt.choices.texts(row)
      let gold = try prompt.gold(row, choices: texts.count)
      let delimiter = style.isChat ? "" : task.delimiter
      func context(_ question: String) throws -> String {
        try style.text(
          instruction: task.instruction, examples: examples, question: question, delimiter: task.delimiter,
          separator: task.fewShot.separator)
      }
      if let contexts = prompt.contexts, let continuation = prompt.continuation {
        let questions = try contexts.texts(row)
        guard questions.count == texts.count else {
          throw EvaluationError("contexts", "are \(questions.count), but the choices \(texts.count)")
        }
        let ending = delimiter + (try continuation.text(row))
        return .choices(
          contexts: try questions.map(context), continuations: questions.map { _ in ending }, texts: texts, gold: gold)
      }
      let shared = try context(try prompt.prompt?.text(row) ?? "")
      return .choices(
        contexts: texts.map { _ in shared }, continuations: texts.map { delimiter + $0 }, texts: texts, gold: gold)
    }
  }

  private func examples(_ row: JSON, _ index: Int) throws -> [PromptStyle.Example] {
    try draws.examples(before: row, index: index, pool: exampleRows).map { try task.example(exampleRows[$0]) }
  }
}
