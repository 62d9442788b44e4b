import Formats
public import Inference

/// Asks a model the questions of tasks.
public struct EvaluationRun: Sendable {
  /// Who is asked.
  public let model: LanguageModel
  /// What was answered earlier; nil: everything is asked.
  public let cache: ResultCache?
  /// Draws what is sampled.
  public let seed: UInt64
  /// What ends a free answer besides a task's own stop strings: the ends of a chat's turns.
  public var stopStrings: [String] = []
  /// Threads that cut texts into tokens and judge answers.
  public var threads: Int

  /// Prepares a run.
  public init(_ model: LanguageModel, cache: ResultCache? = nil, seed: UInt64 = 0, threads: Int = 1) {
    self.model = model
    self.cache = cache
    self.seed = seed
    self.threads = max(1, threads)
  }

  /// Runs a task.
  /// - Parameter progress: told how many questions are answered.
  /// - Throws: a sentence naming the task and what does not fit, and what `progress` throws.
  public func run(_ prepared: PreparedTask, progress: (_ done: Int) throws -> Void = { _ in }) throws -> TaskResult {
    switch prepared.task.kind {
    case .choices(let prompt): try choices(prepared, prompt, progress)
    case .generation(let prompt): try generations(prepared, prompt, progress)
    case .perplexity: try documents(prepared, progress)
    }
  }

  /// The likelihoods of requests, group by group, from the cache where it has a whole group.
  func likelihoods(
    _ groups: [[LikelihoodRequest]], progress: (_ done: Int) throws -> Void
  ) throws -> [[Likelihood]] {
    var results = groups.map { group in group.map(cached) }
    let missing = groups.indices.filter { results[$0].contains { $0 == nil } }
    var done = groups.count - missing.count
    if done > 0 { try progress(done) }
    try LikelihoodScorer(model).score(missing.map { groups[$0] }) { answered in
      for (index, likelihoods) in answered { results[missing[index]] = likelihoods }
      try cache?.add(
        answered.flatMap { index, likelihoods in
          zip(groups[missing[index]], likelihoods).map { request, likelihood in
            (
              CacheKey.likelihood(request),
              ["logprob": .number(likelihood.logProbability), "greedy": .bool(likelihood.isGreedy)]
            )
          }
        })
      done += answered.count
      try progress(done)
    }
    return results.map { $0.compactMap { $0 } }
  }

  private func cached(_ request: LikelihoodRequest) -> Likelihood? {
    guard let value = cache?.value(CacheKey.likelihood(request)), let sum = value["logprob"]?.doubleValue,
      let isGreedy = value["greedy"]?.boolValue
    else { return nil }
    return Likelihood(logProbability: sum, isGreedy: isGreedy, tokenCount: request.continuation.count)
  }

  /// Does something with each question on several threads; the first error is thrown.
  func mapQuestions<Result: Sendable>(
    _ questions: [AskedQuestion], _ task: EvaluationTask, _ body: @Sendable (AskedQuestion) throws -> Result
  ) throws -> [Result] {
    let results = parallelMap(count: questions.count, threads: threads) { index in
      Swift.Result { () throws -> Result in
        do {
          return try body(questions[index])
        } catch let error as EvaluationError {
          throw EvaluationError("\(task.name), row \(questions[index].index):", error.description)
        }
      }
    }
    return try results.map { try $0.get() }
  }
}
