import Formats

extension EvaluationRun {
  /// Questions with given answers.
  func choices(
    _ prepared: PreparedTask, _ prompt: ChoicePrompt, _ progress: (Int) throws -> Void
  ) throws -> TaskResult {
    let task = prepared.task
    let model = model
    let groups = try mapQuestions(prepared.questions, task) { question -> [LikelihoodRequest] in
      guard case .choices(let contexts, let continuations, _, _) = question.request else { return [] }
      return try zip(contexts, continuations).map {
        try LikelihoodRequest(context: $0, continuation: $1, model: model)
      }
    }
    let likelihoods = try self.likelihoods(groups, progress: progress)
    let baselines = try self.baselines(prepared, prompt)
    let scoring = ChoiceScoring(task: task, prompt: prompt)
    var values = prompt.metrics.map { _ in [Double]() }
    var details: [TaskResult.Detail] = []
    for (i, question) in prepared.questions.enumerated() {
      guard case .choices(let contexts, let continuations, let texts, let gold) = question.request else { continue }
      let decisions = scoring.decisions(texts, likelihoods[i], baseline: baselines?[i])
      for (metric, decision) in decisions.enumerated() { values[metric].append(decision == gold ? 1 : 0) }
      var response: JSON = [
        "logprobs": .array(likelihoods[i].map { .number($0.logProbability) }),
        "argmax_logits_eq_gold": .array(likelihoods[i].map { .bool($0.isGreedy) }),
        "tokens": .array(likelihoods[i].map { .integer(Int64($0.tokenCount)) }),
        "decisions": .array(decisions.map { .integer(Int64($0)) }),
      ]
      if let baselines { response["unconditioned_logprobs"] = .array(baselines[i].map { .number($0) }) }
      let isShared = contexts.allSatisfy { $0 == contexts[0] }
      details.append(
        TaskResult.Detail(
          doc: [
            "id": .string("\(question.index)"), "task_name": .string(task.name), "query": .string(contexts[0]),
            "contexts": .array(isShared ? [] : contexts.map { .string($0) }),
            "choices": .array(continuations.map { .string($0) }), "gold_index": .array([.integer(Int64(gold))]),
          ],
          response: response,
          metrics: .object(
            .init(
              uniqueKeysWithValues: zip(prompt.metrics, decisions).map { metric, decision in
                (metric.rawValue, .number(decision == gold ? 1 : 0))
              }))))
    }
    return TaskResult(
      task: task, split: prepared.split, questions: prepared.questions.count,
      metrics: zip(prompt.metrics, values).map { .mean($0.rawValue, $1) }, details: details,
      truncated: groups.count { $0.contains { $0.droppedCount > 0 } }, values: values)
  }

  /// Log-probabilities of the choices after the context that says nothing, where a metric asks for them; each text is
  /// scored once however often it is a choice.
  private func baselines(_ prepared: PreparedTask, _ prompt: ChoicePrompt) throws -> [[Double]]? {
    guard prompt.metrics.contains(.byMutualInformation) else { return nil }
    var numbers: [String: Int] = [:]
    var requests: [[LikelihoodRequest]] = []
    for question in prepared.questions {
      guard case .choices(_, let continuations, _, _) = question.request else { continue }
      for text in continuations where numbers[text] == nil {
        numbers[text] = requests.count
        requests.append([try LikelihoodRequest(context: prompt.pmiContext, continuation: text, model: model)])
      }
    }
    let found = try likelihoods(requests) { _ in }
    return prepared.questions.map { question in
      guard case .choices(_, let continuations, _, _) = question.request else { return [] }
      return continuations.map { numbers[$0].map { found[$0][0].logProbability } ?? 0 }
    }
  }
}
