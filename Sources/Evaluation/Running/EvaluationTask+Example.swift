import Formats
import Foundation

extension EvaluationTask {
  /// A row with the task's computed fields.
  func computed(_ row: JSON) throws -> JSON {
    var row = row
    for (name, rule) in fields { row[name] = .string(try rule.text(row)) }
    return row
  }

  /// A row as an answered question.
  func example(_ row: JSON) throws -> PromptStyle.Example {
    let row = try computed(row)
    switch kind {
    case .perplexity: throw EvaluationError("few_shot", "means nothing for documents")
    case .generation(let prompt):
      return PromptStyle.Example(question: try prompt.prompt.text(row), answer: try prompt.target.text(row))
    case .choices(let prompt):
      let texts = try prompt.choices.texts(row)
      let gold = try prompt.gold(row, choices: texts.count)
      if let contexts = prompt.contexts, let continuation = prompt.continuation {
        let questions = try contexts.texts(row)
        guard questions.indices.contains(gold) else { throw EvaluationError("contexts", "are too few") }
        return PromptStyle.Example(question: questions[gold], answer: try continuation.text(row))
      }
      return PromptStyle.Example(question: try prompt.prompt?.text(row) ?? "", answer: texts[gold])
    }
  }

  /// The right answers of rows.
  func answers(_ rows: [JSON]) throws -> [String] {
    try parallelMap(count: rows.count, threads: ProcessInfo.processInfo.activeProcessorCount) { index in
      Result { try example(rows[index]).answer }
    }.map { try $0.get() }
  }
}

extension ChoicePrompt {
  /// The number of a row's right choice.
  func gold(_ row: JSON, choices: Int) throws -> Int {
    let value = try answer.value(row)
    guard let gold = value.intValue ?? value.stringValue.flatMap({ Int($0) }), (0..<choices).contains(gold) else {
      throw EvaluationError("answer", "gives \(value), which is none of the \(choices) choices, counted from 0")
    }
    return gold
  }
}
