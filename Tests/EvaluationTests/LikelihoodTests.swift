import Evaluation
import Foundation
import Inference
import Testing

/// Continuations are scored as if each went through the model alone.
@Suite struct LikelihoodTests {
  /// Numbers of a small generator of its own, the same each time.
  private struct Numbers {
    var state: UInt64 = 9
    mutating func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    mutating func tokens(_ count: Int) -> [UInt32] { (0..<count).map { _ in UInt32(next(280)) } }
  }

  private static func plain(_ model: LanguageModel, _ request: LikelihoodRequest) -> Double {
    let nats = plainNats(model, request.context + request.continuation)
    return -nats.suffix(request.continuation.count).reduce(0, +)
  }

  private static func check(
    _ model: LanguageModel, _ questions: [[LikelihoodRequest]], _ scorer: LikelihoodScorer
  ) throws {
    var told: [Int: [Likelihood]] = [:]
    let results = try scorer.score(questions) { for (question, results) in $0 { told[question] = results } }
    #expect(results.map(\.count) == questions.map(\.count))
    for (i, (requests, likelihoods)) in zip(questions, results).enumerated() {
      #expect(requests.isEmpty || told[i] == likelihoods)
      for (request, likelihood) in zip(requests, likelihoods) {
        let expected = Self.plain(model, request)
        #expect(abs(likelihood.logProbability - expected) < 2e-4 * max(1, abs(expected)))
        #expect(likelihood.tokenCount == request.continuation.count)
      }
    }
  }

  @Test(arguments: [1 << 30, 40, 1]) func choicesShareTheirContext(tokensOfPass: Int) throws {
    let model = try tinyModel(context: 64)
    var numbers = Numbers()
    var questions: [[LikelihoodRequest]] = [[]]
    for _ in 0..<12 {
      let context = numbers.tokens(1 + numbers.next(20))
      questions.append(
        try (0..<1 + numbers.next(5)).map { _ in
          try LikelihoodRequest(context: context, continuation: numbers.tokens(1 + numbers.next(6)), contextLength: 64)
        })
    }
    // Letters: one token each, no branch; and choices of which one is the beginning of another.
    let context = numbers.tokens(9)
    questions.append(
      try [[7], [8], [9], [8, 9], [8, 9, 10]].map {
        try LikelihoodRequest(context: context, continuation: $0, contextLength: 64)
      })
    // Contexts that differ, as where a blank in them is filled.
    questions.append(
      try [[1, 2, 3], [1, 2, 4, 5], [9]].map {
        try LikelihoodRequest(context: $0, continuation: [6, 7], contextLength: 64)
      })
    var scorer = LikelihoodScorer(model)
    scorer.tokensOfPass = tokensOfPass
    try Self.check(model, questions, scorer)
    scorer.memoryBytes = 1
    try Self.check(model, questions, scorer)
  }

  @Test func examplesBeforeAllQuestionsAreReadOnce() throws {
    let model = try tinyModel(context: 128)
    var numbers = Numbers()
    let examples = numbers.tokens(50)
    let questions = try (0..<9).map { _ in
      let context = examples + numbers.tokens(1 + numbers.next(10))
      return try (0..<3).map { _ in
        try LikelihoodRequest(context: context, continuation: numbers.tokens(1 + numbers.next(5)), contextLength: 128)
      }
    }
    try Self.check(model, questions, LikelihoodScorer(model))
    // A question that is the examples and nothing else: its first prediction comes from their last row.
    let bare = try [[1], [2, 3]].map {
      try LikelihoodRequest(context: examples, continuation: $0, contextLength: 128)
    }
    try Self.check(model, [bare] + questions, LikelihoodScorer(model))
  }

  @Test func greedyMeansLikeliestEachTime() throws {
    let model = try tinyModel(context: 64)
    let prompt = "the swift flies"
    let text = try TextGenerator(model).generate(prompt, settings: .greedy(maxTokens: 6, stopAtEndOfText: false))
    let context = try model.promptTokens(prompt)
    var other = text.tokens
    other[5] = (other[5] + 1) % 280
    let requests = try [text.tokens, other, Array(text.tokens.prefix(1))].map {
      try LikelihoodRequest(context: context, continuation: $0, contextLength: 64)
    }
    #expect(try LikelihoodScorer(model).score([requests])[0].map(\.isGreedy) == [true, false, true])
  }

  @Test func textsAreCutAsTheHarnessCutsThem() throws {
    let model = try tinyModel(context: 64)
    let tokenizer = model.tokenizer
    func request(_ context: String, _ continuation: String) throws -> LikelihoodRequest {
      try LikelihoodRequest(context: context, continuation: continuation, model: model)
    }
    // White space at the context's end belongs to the continuation.
    let spaced = try request("the swift \u{3000}", "sings")
    #expect(try spaced == request("the swift", " \u{3000}sings"))
    #expect(spaced.context == tokenizer.encode("the swift"))
    #expect(tokenizer.text(spaced.context + spaced.continuation) == "the swift \u{3000}sings")
    // Tokens that reach over the border count by where the context alone ends.
    let joined = try request("the swi", "ft sings over the hill")
    let alone = tokenizer.encode("the swi")
    #expect(joined.context == alone)
    #expect(joined.continuation == Array(tokenizer.encode("the swift sings over the hill").dropFirst(alone.count)))
    let end = try #require(tokenizer.endOfText)
    let empty = try request(" ", "the hill")
    #expect(empty.context == [end] && empty.continuation == tokenizer.encode(" the hill"))
    #expect(sentence { _ = try request("the swift", "") }.contains("no token"))
  }

  @Test func longContextsLoseTheirBeginning() throws {
    let long = try LikelihoodRequest(context: Array(0..<40), continuation: [1, 2, 3], contextLength: 32)
    #expect(long.context == Array(10..<40))
    let fitting = try LikelihoodRequest(context: Array(0..<30), continuation: [1, 2, 3], contextLength: 32)
    #expect(fitting.context.count == 30)
    let model = try tinyModel(context: 32)
    try Self.check(model, [[long], [fitting]], LikelihoodScorer(model))
    #expect(sentence { _ = try LikelihoodRequest(context: [1], continuation: Array(0..<33), contextLength: 32) }
      .contains("33 tokens"))
    let whole = try LikelihoodRequest(context: [1], continuation: Array(0..<32), contextLength: 32)
    try Self.check(model, [[whole]], LikelihoodScorer(model))
  }
}
