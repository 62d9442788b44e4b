import Inference
import Models
import Tensors
import Testing

/// Batches of any settings against each request alone, and what a batch shares and holds.
@Suite struct GenerationBatchTests {
  /// Requests of many lengths and kinds.
  private static func requests(_ language: LanguageModel, count: Int) throws -> [GenerationRequest] {
    try (0..<count).map { i in
      var settings = SamplingSettings(
        temperature: [0, 0.7, 1.2][i % 3], topK: i % 4 == 0 ? 20 : nil, topP: i % 5 == 0 ? 0.9 : nil,
        minP: i % 7 == 0 ? 0.02 : nil, seed: UInt64(i), maxTokens: 3 + i % 17, stopAtEndOfText: i % 2 == 0)
      if i % 6 == 1 { settings.repetitionPenalty = 1.3 }
      if i % 8 == 3 { settings.stopStrings = ["e", "th"] }
      let prompt = String("the swift flies over the hill and the river, number \(i)".dropFirst(i % 29))
      var request = GenerationRequest(try language.promptTokens(prompt), settings: settings)
      request.logProbabilities = i % 3
      if i % 4 == 1 { request.promptLogProbabilities = 2 }
      return request
    }
  }

  private static func agree(_ a: [TokenLogProbability]?, _ b: [TokenLogProbability]?) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    return a.map(\.token) == b.map(\.token)
      && zip(a, b).allSatisfy { abs($0.logProbability - $1.logProbability) < 1e-4 }
      && zip(a, b).allSatisfy { $0.alternatives.map(\.token) == $1.alternatives.map(\.token) }
  }

  @Test(arguments: [1, 3, 64]) func aBatchGivesWhatEachGivesAlone(width: Int) throws {
    let language = try Tiny.model(context: 72)
    var generator = TextGenerator(language, chunkLength: 7)
    generator.limits.sequences = width
    generator.limits.tokensOfPass = width + 9
    let requests = try Self.requests(language, count: 60)
    let together = try generator.generate(requests)
    for (request, results) in zip(requests, together) {
      let alone = try TextGenerator(language).generate([request])[0][0]
      let own = try #require(results.first)
      #expect(own.tokens == alone.tokens && own.text == alone.text && own.reason == alone.reason)
      #expect(Self.agree(own.logProbabilities, alone.logProbabilities))
      #expect(Self.agree(own.promptLogProbabilities, alone.promptLogProbabilities))
    }
    #expect(Set(together.map { $0[0].reason }).count >= 2)
  }

  @Test(arguments: [2, 64]) func samplesAreThoseOfTheSeedsAfterIt(width: Int) throws {
    let language = try Tiny.model()
    var generator = TextGenerator(language)
    generator.limits.sequences = width
    var requests: [GenerationRequest] = []
    for (i, prompt) in ["the swift", "over the hill and the river, and the swift", "a"].enumerated() {
      let settings = SamplingSettings(temperature: 1, seed: UInt64(100 * i), maxTokens: 15)
      var request = GenerationRequest(try language.promptTokens(prompt), settings: settings)
      request.samples = [5, 1, 9][i]
      request.promptLogProbabilities = 0
      requests.append(request)
    }
    let results = try generator.generate(requests)
    #expect(results.map(\.count) == [5, 1, 9])
    for (request, texts) in zip(requests, results) {
      for (i, text) in texts.enumerated() {
        var settings = request.settings
        settings.seed += UInt64(i)
        let alone = try TextGenerator(language).generate(tokens: request.prompt, settings: settings)
        #expect(text.tokens == alone.tokens && text.reason == alone.reason)
        #expect(text.promptLogProbabilities?.count == request.prompt.count - 1)
      }
    }
    #expect(Set(results[2].map(\.tokens)).count > 5)
  }

  @Test func piecesJoinToEveryText() throws {
    let language = try Tiny.model(context: 72)
    let requests = try Self.requests(language, count: 40)
    var texts = [String](repeating: "", count: requests.count)
    var tokens = [[UInt32]](repeating: [], count: requests.count)
    var ended = Set<Int>()
    let results = try TextGenerator(language).generate(requests) { piece in
      #expect(!ended.contains(piece.request))
      texts[piece.request] += piece.text
      if let token = piece.token { tokens[piece.request].append(token) }
      if piece.generation != nil { ended.insert(piece.request) }
      return true
    }
    for (i, result) in results.enumerated() {
      #expect(texts[i] == result[0].text && tokens[i] == result[0].tokens)
    }
    #expect(ended.count == requests.count)
  }

  @Test func aTextMayBeStoppedWhileOthersGoOn() throws {
    let language = try Tiny.model()
    let requests = try Self.requests(language, count: 20)
    let whole = try TextGenerator(language).generate(requests)
    var counts = [Int](repeating: 0, count: requests.count)
    let stopped = try TextGenerator(language).generate(requests) { piece in
      counts[piece.request] += 1
      return piece.request % 2 == 0 || counts[piece.request] < 3
    }
    for (i, (whole, own)) in zip(whole, stopped).enumerated() {
      if i % 2 == 0 || whole[0].tokens.count < 3 {
        #expect(own[0].tokens == whole[0].tokens && own[0].reason == whole[0].reason)
      } else {
        #expect(own[0].tokens == Array(whole[0].tokens.prefix(3)))
      }
    }
  }

  @Test func littleMemoryStillWritesEverything() throws {
    let language = try Tiny.model()
    let requests = try Self.requests(language, count: 12).map { request in
      var request = request
      request.samples = 3
      return request
    }
    var generator = TextGenerator(language)
    let plenty = try generator.generate(requests)
    generator.limits.memoryBytes = 1
    let scarce = try generator.generate(requests)
    #expect(plenty.map { $0.map(\.tokens) } == scarce.map { $0.map(\.tokens) })
  }

  @Test func aMemoryGoesOnWhereThePromptsPart() throws {
    let language = try Tiny.model()
    let generator = TextGenerator(language)
    let settings = SamplingSettings.greedy(maxTokens: 10, stopAtEndOfText: false)
    func run(_ prompt: [UInt32], _ memory: PromptMemory?) throws -> GenerationPiece {
      var batch = GenerationBatch(language)
      var request = GenerationRequest(prompt, settings: settings)
      request.memory = memory
      request.keepsMemory = true
      try batch.add(request)
      while !batch.isDone {
        if let end = batch.step().first(where: { $0.generation != nil }) { return end }
      }
      throw InferenceError("batch", "ended without an end")
    }
    let prompt = try language.promptTokens("the swift flies over the hill")
    let first = try run(prompt, nil)
    let memory = try #require(first.memory)
    let tokens = try #require(first.generation).tokens
    // The last token is written and not read.
    #expect(memory.tokens == prompt + tokens.dropLast())
    let others: [[UInt32]] = [
      prompt + tokens + [70, 71], prompt.dropLast(3) + [72], [73], prompt + tokens.prefix(4), prompt,
    ]
    for next in others {
      #expect(memory.shared(with: next) == zip(memory.tokens, next.dropLast()).prefix { $0 == $1 }.count)
    }
    var going = memory
    for next in others {
      let end = try run(next, going)
      #expect(try end.generation?.tokens == generator.generate(tokens: next, settings: settings).tokens)
      going = try #require(end.memory)
    }
  }

  @Test func roomGrowsWithTheText() throws {
    let rooms = [0, 1, 256, 257, 384, 385, 513, 131_072].map(DecoderState.room)
    #expect(rooms == [256, 256, 256, 384, 384, 512, 768, 131_072])
    let language = try Tiny.model(context: 1 << 20)
    let execution = Execution(compute: .float32)
    var small = DecoderState(language.configuration, capacity: 1, in: execution)
    var large = DecoderState(language.configuration, capacity: 600, in: execution)
    let tokens = (0..<600).map { Int32($0 % 250) }
    for start in stride(from: 0, to: 600, by: 50) {
      let chunk = Array(tokens[start..<start + 50])
      let a = language.model.step(chunk, state: &small, in: execution)
      let b = language.model.step(chunk, state: &large, in: execution)
      #expect(a.toFloats() == b.toFloats())
    }
    #expect(small.count == 600 && small.capacity == 768 && large.capacity == 600)
    // A long context costs nothing until it is filled.
    let endless = SamplingSettings.greedy(maxTokens: 1 << 19, stopAtEndOfText: false)
    try TextGenerator(language).generate("the swift", settings: endless) { _, _ in false }
    #expect(language.execution.arena.statistics.reserved < 8 << 20)
  }

  @Test func impossibleRequestsAreNamed() throws {
    let language = try Tiny.model()
    func refused(_ change: (inout GenerationRequest) -> Void) -> String {
      var request = GenerationRequest([70], settings: .greedy(maxTokens: 2))
      change(&request)
      return sentence { _ = try TextGenerator(language).generate([request]) }
    }
    #expect(refused { $0.samples = 0 }.contains("samples is 0"))
    #expect(refused { $0.logProbabilities = -1 }.contains("logprobs is -1"))
    #expect(refused { $0.promptLogProbabilities = -2 }.contains("prompt-logprobs is -2"))
    #expect(refused { $0.prompt = [] }.contains("no token"))
    #expect(refused { ($0.samples, $0.keepsMemory) = (2, true) }.contains("samples is 2"))
  }
}
