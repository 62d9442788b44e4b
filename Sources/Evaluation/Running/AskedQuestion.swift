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
  /// Rows to take examples from, and whether they are those that are asked.
  let exampleRows: [JSON]
  let examplesAreAsked: Bool
  let seed: UInt64
  /// The examples before every question, where they are the same for all.
  private let sharedExamples: [Int]?

  init(
    _ task: EvaluationTask, style: PromptStyle, exampleRows: [JSON], examplesAreAsked: Bool, seed: UInt64
  ) throws {
    self.task = task
    self.style = style
    self.exampleRows = exampleRows
    self.examplesAreAsked = examplesAreAsked
    self.seed = seed
    let fewShot = task.fewShot
    let needed = fewShot.count + (examplesAreAsked ? 1 : 0)
    guard fewShot.count == 0 || exampleRows.count >= needed else {
      throw EvaluationError(
        task.name, "asks for \(fewShot.count) examples, and the split has \(exampleRows.count) rows; ask for fewer")
    }
    if fewShot.count == 0 {
      sharedExamples = []
    } else if let rows = fewShot.rows {
      guard rows.count >= fewShot.count, let highest = rows.max(), highest < exampleRows.count else {
        throw EvaluationError(
          task.name, "names rows \(rows) as examples, too few or beyond the \(exampleRows.count) of the split")
      }
      sharedExamples = rows
    } else {
      switch fewShot.selection {
      case .first: sharedExamples = Array(0..<needed)
      case .random:
        sharedExamples = Self.draw(needed, of: exampleRows.count, seed: seed, purpose: "few-shot \(task.name)")
      case .randomEach: sharedExamples = nil
      }
    }
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
    let row = try computed(row)
    switch task.kind {
    case .perplexity(let rule): return .document(try rule.text(row))
    case .generation(let prompt):
      let text = try style.text(
        instruction: task.instruction, examples: examples(index), question: try prompt.prompt.text(row),
        delimiter: task.delimiter, separator: task.fewShot.separator)
      return .generation(prompt: text, reference: try prompt.reference.value(row))
    case .choices(let prompt):
      let texts = try prompt.choices.texts(row)
      let gold = try Self.gold(prompt, row, choices: texts.count)
      let delimiter = style.isChat ? "" : task.delimiter
      let examples = try examples(index)
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

  /// The row with the task's computed fields.
  private func computed(_ row: JSON) throws -> JSON {
    var row = row
    for (name, rule) in task.fields { row[name] = .string(try rule.text(row)) }
    return row
  }

  private static func gold(_ prompt: ChoicePrompt, _ row: JSON, choices: Int) throws -> Int {
    let value = try prompt.answer.value(row)
    guard let gold = value.intValue ?? value.stringValue.flatMap({ Int($0) }), (0..<choices).contains(gold) else {
      throw EvaluationError("answer", "gives \(value), which is none of the \(choices) choices, counted from 0")
    }
    return gold
  }

  private func examples(_ index: Int) throws -> [PromptStyle.Example] {
    let count = task.fewShot.count
    guard count > 0 else { return [] }
    let drawn = sharedExamples ?? Self.draw(
      count + (examplesAreAsked ? 1 : 0), of: exampleRows.count, seed: seed, purpose: "few-shot \(task.name) \(index)")
    let own = drawn.filter { !(examplesAreAsked && $0 == index) }.prefix(count)
    return try own.map { try example(computed(exampleRows[$0])) }
  }

  private func example(_ row: JSON) throws -> PromptStyle.Example {
    switch task.kind {
    case .perplexity: throw EvaluationError("few_shot", "means nothing for documents")
    case .generation(let prompt):
      return PromptStyle.Example(question: try prompt.prompt.text(row), answer: try prompt.target.text(row))
    case .choices(let prompt):
      let texts = try prompt.choices.texts(row)
      let gold = try Self.gold(prompt, row, choices: texts.count)
      if let contexts = prompt.contexts, let continuation = prompt.continuation {
        let questions = try contexts.texts(row)
        guard questions.indices.contains(gold) else { throw EvaluationError("contexts", "are too few") }
        return PromptStyle.Example(question: questions[gold], answer: try continuation.text(row))
      }
      return PromptStyle.Example(question: try prompt.prompt?.text(row) ?? "", answer: texts[gold])
    }
  }

  /// `count` different numbers below `total`, the same for the same seed and purpose: Floyd's algorithm, then a shuffle.
  static func draw(_ count: Int, of total: Int, seed: UInt64, purpose: String) -> [Int] {
    var generator = SeededNumbers(seed: seed, purpose: purpose)
    var chosen: Set<Int> = []
    var order: [Int] = []
    for top in (total - count)..<total {
      let candidate = generator.below(top + 1)
      let number = chosen.contains(candidate) ? top : candidate
      chosen.insert(number)
      order.append(number)
    }
    for i in order.indices.dropFirst().reversed() { order.swapAt(i, generator.below(i + 1)) }
    return order
  }
}
