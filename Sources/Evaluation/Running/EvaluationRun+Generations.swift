import Formats
import Foundation
import Inference

extension EvaluationRun {
  /// Questions that the model answers in its own words.
  func generations(
    _ prepared: PreparedTask, _ prompt: GenerationPrompt, _ progress: (Int) throws -> Void
  ) throws -> TaskResult {
    let task = prepared.task
    let scorer = try prompt.makeScorer()
    let asked = try mapQuestions(prepared.questions, task) { question -> (prompt: [UInt32], dropped: Int) in
      guard case .generation(let text, _) = question.request else { return ([], 0) }
      return try promptTokens(text, maxTokens: prompt.maxTokens)
    }
    let texts = try self.texts(asked.map(\.prompt), prompt, progress)
    let scores = try mapQuestions(prepared.questions, task) { question -> [AnswerScore] in
      guard case .generation(_, let reference) = question.request else { return [] }
      let number = prepared.positions[question.index] ?? 0
      let completions = texts[number].map { prompt.stripReasoning ? Reasoning.stripped($0) : $0 }
      return try scorer.scores(question: question.row, reference: reference, completions: completions)
    }
    let figures = GenerationFigures(prompt: prompt, metrics: scorer.metrics)
    let values = scores.map(figures.values)
    var details: [TaskResult.Detail] = []
    for (i, question) in prepared.questions.enumerated() {
      guard case .generation(let text, let reference) = question.request else { continue }
      details.append(
        TaskResult.Detail(
          doc: [
            "id": .string("\(question.index)"), "task_name": .string(task.name), "query": .string(text),
            "reference": reference.stringValue.map { .string($0) } ?? .string(reference.serializedString()),
          ],
          response: [
            "text": .array(texts[i].map { .string($0) }),
            "answers": .array(scores[i].map { .string($0.answer ?? "") }),
            "notes": .array(scores[i].map { .string($0.note ?? "") }),
          ],
          metrics: .object(
            .init(uniqueKeysWithValues: zip(figures.names, values[i]).map { ($0, .number($1)) }))))
    }
    let columns = figures.names.indices.map { index in values.map { $0[index] } }
    return TaskResult(
      task: task, split: prepared.split, questions: prepared.questions.count,
      metrics: zip(figures.names, columns).map { .mean($0, $1) }, details: details,
      truncated: asked.count { $0.dropped > 0 }, values: columns)
  }

  /// A prompt's tokens, of which the first are cut where the answer would not fit beside them.
  private func promptTokens(_ text: String, maxTokens: Int) throws -> (prompt: [UInt32], dropped: Int) {
    let tokens = LikelihoodRequest.encode(text, model: model)
    let room = model.configuration.contextLength - min(maxTokens, model.configuration.contextLength - 1)
    let dropped = max(0, tokens.count - room)
    guard !tokens.isEmpty else { return (try model.promptTokens(""), 0) }
    return (Array(tokens.dropFirst(dropped)), dropped)
  }

  /// The texts of each prompt, from the cache where it has them.
  private func texts(
    _ prompts: [[UInt32]], _ prompt: GenerationPrompt, _ progress: (Int) throws -> Void
  ) throws -> [[String]] {
    var settings = SamplingSettings(
      temperature: prompt.temperature, topP: prompt.topP, seed: seed, maxTokens: prompt.maxTokens)
    settings.stopStrings = prompt.stop + stopStrings
    let spoken: JSON = [
      "temperature": .number(prompt.temperature), "top_p": prompt.topP.map { .number($0) } ?? .null,
      "seed": .integer(Int64(bitPattern: prompt.temperature > 0 ? seed : 0)),
      "samples": .integer(Int64(prompt.samples)), "max_tokens": .integer(Int64(prompt.maxTokens)),
      "stop": .array(settings.stopStrings.map { .string($0) }),
    ]
    let keys = prompts.map { CacheKey.generation(prompt: $0, settings: spoken.serializedString()) }
    var results = keys.map { key in cache?.value(key)?.arrayValue?.compactMap(\.stringValue) ?? [] }
    let missing = results.indices.filter { results[$0].count != prompt.samples }
    var done = prompts.count - missing.count
    if done > 0 { try progress(done) }
    let requests = missing.map { index in
      var request = GenerationRequest(prompts[index], settings: settings)
      request.samples = prompt.samples
      return request
    }
    var open = missing.map { _ in prompt.samples }
    for number in missing { results[number] = Array(repeating: "", count: prompt.samples) }
    _ = try TextGenerator(model).generate(requests) { piece in
      guard let generation = piece.generation else { return true }
      let index = missing[piece.request]
      results[index][piece.sample] = generation.text
      open[piece.request] -= 1
      if open[piece.request] == 0 {
        try cache?.add([(keys[index], .array(results[index].map { .string($0) }))])
        done += 1
        try progress(done)
      }
      return true
    }
    return results
  }
}

/// The figures of a question from the scores of its texts.
struct GenerationFigures {
  let prompt: GenerationPrompt
  let metrics: [String]

  /// `NAME`, or `NAME:avg@n` with `NAME:maj@n` and `NAME:pass@k` where there are several texts.
  var names: [String] {
    metrics.flatMap { metric in
      guard prompt.samples > 1 else { return [metric] }
      return ["\(metric):avg@\(prompt.samples)"] + (prompt.majority ? ["\(metric):maj@\(prompt.samples)"] : [])
        + prompt.passAt.map { "\(metric):pass@\($0)" }
    }
  }

  /// The values in the order of the names.
  func values(_ scores: [AnswerScore]) -> [Double] {
    metrics.flatMap { metric in
      let own = scores.map { $0.values[metric] ?? 0 }
      let mean = own.isEmpty ? 0 : own.reduce(0, +) / Double(own.count)
      guard prompt.samples > 1 else { return [mean] }
      var values = [mean]
      if prompt.majority { values.append(MajorityVote.winner(scores.map(\.answer)).map { own[$0] } ?? 0) }
      let correct = own.count { $0 >= 1 }
      return values + prompt.passAt.map { PassAtK.estimate(samples: own.count, correct: correct, k: $0) ?? 0 }
    }
  }
}

/// Reasoning that stands before an answer.
enum Reasoning {
  /// The text without what stands between <think> and </think>; what is never closed is all reasoning, and a text that
  /// only closes it began inside.
  static func stripped(_ text: String) -> String {
    var rest = text[...]
    var kept = ""
    let open = rest.range(of: "<think>")?.lowerBound ?? rest.endIndex
    if let close = rest.range(of: "</think>"), close.lowerBound < open {
      rest = rest[close.upperBound...]
    }
    while let open = rest.range(of: "<think>") {
      kept += rest[..<open.lowerBound]
      guard let close = rest[open.upperBound...].range(of: "</think>") else { return PythonText.strip(kept) }
      rest = rest[close.upperBound...]
    }
    return PythonText.strip(kept + rest)
  }
}
