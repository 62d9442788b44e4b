public import Formats

extension PreparedTask {
  /// Every question as it would be asked, for programs: `task`, `variant`, `id`, and `requests` (pairs of context and
  /// continuation) with `gold`, or `prompt` with `reference`, `stop` and `max_tokens`, or `document`.
  public var lines: [JSON] {
    questions.map { question in
      var line: JSON = [
        "task": .string(task.name), "variant": .string(task.variant), "id": .integer(Int64(question.index)),
      ]
      switch question.request {
      case .choices(let contexts, let continuations, _, let gold):
        line["requests"] = .array(zip(contexts, continuations).map { .array([.string($0), .string($1)]) })
        line["gold"] = .integer(Int64(gold))
      case .generation(let prompt, let reference):
        line["prompt"] = .string(prompt)
        line["reference"] = reference
        if case .generation(let prompt) = task.kind {
          line["stop"] = .array(prompt.stop.map { .string($0) })
          line["max_tokens"] = .integer(Int64(prompt.maxTokens))
        }
      case .document(let text): line["document"] = .string(text)
      }
      return line
    }
  }
}
