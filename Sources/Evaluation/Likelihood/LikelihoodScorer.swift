public import Inference
import Models
import Tensors

/// Scores continuations, those of many questions at a time.
///
/// Nothing goes through the model twice: what the questions of a batch begin with (few-shot examples) once for all, the
/// rest of a question once for its choices, and only rows that predict something reach the output head. Questions of
/// similar length go together; rows of different lengths stand one after another without padding.
public struct LikelihoodScorer: Sendable {
  /// What scores.
  public let model: LanguageModel
  /// Tokens that go through the model at a time, about.
  public var tokensOfPass = 8192
  /// Memory for keys and values, in bytes.
  public var memoryBytes = 2 << 30
  /// A shared beginning shorter than this is computed with each question.
  private static let shortestSharedPrefix = 32

  /// A scorer of a model's.
  public init(_ model: LanguageModel) { self.model = model }

  /// Scores the requests of questions.
  /// - Parameters:
  ///   - questions: the requests of each question; those with the same context or beginning belong together.
  ///   - each: told questions and their results batch by batch, in an order of the scorer's own.
  /// - Returns: the results in the order of the requests.
  /// - Throws: what `each` throws.
  @discardableResult
  public func score(
    _ questions: [[LikelihoodRequest]],
    each: (_ answered: [(question: Int, results: [Likelihood])]) throws -> Void = { _ in }
  ) throws -> [[Likelihood]] {
    var results = questions.map { requests in
      requests.map { Likelihood(logProbability: 0, isGreedy: true, tokenCount: $0.continuation.count) }
    }
    let trees = questions.map { $0.isEmpty ? nil : RequestTree($0) }
    let order = questions.indices.filter { trees[$0] != nil }
      .sorted { (trees[$1]?.length ?? 0, $0) < (trees[$0]?.length ?? 0, $1) }
    var start = 0
    while start < order.count {
      var batch: [RequestTree] = []
      var tokens = 0
      let largest = memory(of: trees[order[start]]?.length ?? 0)
      while start + batch.count < order.count, let tree = trees[order[start + batch.count]],
        batch.isEmpty || tokens + tree.root.tokens.count <= tokensOfPass && (batch.count + 1) * largest <= memoryBytes
      {
        tokens += tree.root.tokens.count
        batch.append(tree)
      }
      let indices = order[start..<start + batch.count]
      start += batch.count
      score(batch[...]) { question, target, logProbability, isLikeliest in
        let index = indices[indices.startIndex + question]
        results[index][target].logProbability += logProbability
        if !isLikeliest { results[index][target].isGreedy = false }
      }
      try each(indices.map { ($0, results[$0]) })
    }
    return results
  }

  /// Bytes of the memory of one question of `capacity` tokens.
  private func memory(of capacity: Int) -> Int {
    DecoderState.byteCount(tokens: max(1, capacity), model.configuration, compute: model.execution.compute)
  }

  /// Scores a batch, whose longest tree stands first.
  private func score(
    _ trees: ArraySlice<RequestTree>, add: (_ question: Int, _ request: Int, Double, Bool) -> Void
  ) {
    guard let longest = trees.first else { return }
    let shared = trees.count > 1 ? RequestTree.commonPrefix(trees) : 0
    let skipped = shared < Self.shortestSharedPrefix ? 0 : shared
    var first = state(longest.length)
    if skipped > 0 {
      _ = model.model.step(Array(longest.root.tokens.prefix(skipped)), state: &first, in: model.execution)
    }
    var states = [first] + trees.dropFirst().map {
      skipped > 0 ? first.forked(in: model.execution) : state($0.length)
    }
    pass(
      trees.enumerated().map { ($0.offset, $0.element.root) }, skipping: skipped, states: &states, add: add)
    let branches = trees.map(\.branches.count).max() ?? 0
    let roots = states
    for branch in 0..<branches {
      let parts = trees.enumerated().filter { $0.element.branches.count > branch }
      for (i, _) in parts {
        // Where the past is summed up, what comes after a root would change it.
        states[i] = first.isTruncatable ? roots[i] : roots[i].forked(in: model.execution)
      }
      pass(parts.map { ($0.offset, $0.element.branches[branch]) }, skipping: 0, states: &states, add: add)
    }
  }

  private func state(_ capacity: Int) -> DecoderState {
    // Few sizes, so that the memory of one batch serves the next.
    DecoderState(model.configuration, capacity: (max(1, capacity) + 63) / 64 * 64, in: model.execution)
  }

  /// Lets one part of some questions through the model, each after what its state holds.
  private func pass(
    _ parts: [(question: Int, part: RequestTree.Part)], skipping: Int, states: inout [DecoderState],
    add: (_ question: Int, _ request: Int, Double, Bool) -> Void
  ) {
    let parts = parts.filter { $0.part.tokens.count > skipping }
    guard !parts.isEmpty else { return }
    var own = parts.map { states[$0.question] }
    let hidden = model.model.step(
      parts.map { Array($0.part.tokens.dropFirst(skipping)) }, states: &own, in: model.execution)
    var rows: [Int] = []
    var targets: [Int32] = []
    var owners: [(question: Int, request: Int)] = []
    var row = 0
    for (i, (question, part)) in parts.enumerated() {
      states[question] = own[i]
      for target in part.targets {
        rows.append(row + target.row - skipping)
        targets.append(target.token)
        owners.append((question, target.request))
      }
      row += part.tokens.count - skipping
    }
    guard !rows.isEmpty else { return }
    let execution = model.execution
    let asked = execution.tensor([rows.count, hidden.columns], hidden.dtype)
    execution.backend.gatherRows(hidden, sources: Tensor(rows.map(Int32.init), in: execution.arena), output: asked)
    let found = model.model.likelihoods(of: Tensor(targets, in: execution.arena), after: asked, in: execution)
    for (i, owner) in owners.enumerated() {
      add(owner.question, owner.request, Double(found.logProbabilities[i]), found.areLikeliest[i])
    }
  }
}
