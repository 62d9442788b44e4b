import Inference
import Models
import Tensors
import Testing

/// Generation with a cache against the same model without one.
@Suite struct TextGeneratorTests {
  @Test func cacheEqualsTheWholeForwardTokenByToken() throws {
    let language = try Tiny.model()
    let prompt = try language.promptTokens("the swift sings")
    let generation = try TextGenerator(language).generate(
      tokens: prompt, settings: .greedy(maxTokens: 24, stopAtEndOfText: false))
    #expect(generation.tokens.count == 24)

    var tokens = prompt
    for token in generation.tokens {
      let logits = try #require(wholeLogits(language, tokens).last)
      #expect(logits.indices.max { (logits[$0], $1) < (logits[$1], $0) } == Int(token))
      tokens.append(token)
    }
    // Step by step, not only where the largest logit stands.
    var state = DecoderState(language.configuration, capacity: tokens.count, in: language.execution)
    for (token, expected) in zip(tokens, wholeLogits(language, tokens)) {
      let hidden = language.model.step([Int32(token)], state: &state, in: language.execution)
      let logits = language.model.logits(hidden, in: language.execution).toFloats()
      #expect(zip(logits, expected).allSatisfy { abs($0 - $1) < 1e-3 })
    }
  }

  @Test(arguments: [1, 2, 3, 7, 100]) func aPromptMayBeCutAnywhere(chunk: Int) throws {
    let language = try Tiny.model()
    let settings = SamplingSettings(temperature: 0.9, topP: 0.98, seed: 3, maxTokens: 30, stopAtEndOfText: false)
    let prompt = "over the hill and the river"
    let whole = try TextGenerator(language, chunkLength: 1000).generate(prompt, settings: settings)
    #expect(try TextGenerator(language, chunkLength: chunk).generate(prompt, settings: settings) == whole)
    var other = settings
    other.seed = 4
    #expect(try TextGenerator(language).generate(prompt, settings: other).tokens != whole.tokens)
  }

  @Test func manyPromptsTogetherGiveWhatEachGivesAlone() throws {
    let language = try Tiny.model(context: 40)
    let generator = TextGenerator(language)
    // More than go on together, of many lengths, so that memories are used again.
    let prompts = (0..<150).map { i in String("the swift flies over the hill, number \(i)".dropFirst(i % 23)) }
    var done: [Int] = []
    let together = try generator.generateGreedy(prompts: prompts, maxTokens: 12, progress: { done.append($0) })
    #expect(done == Array(1...150))
    for (prompt, generation) in zip(prompts, together) {
      #expect(try generator.generate(prompt, settings: .greedy(maxTokens: 12)) == generation)
    }
    let stopped = try generator.generateGreedy(prompts: prompts, maxTokens: 12, until: { $0.count >= 4 })
    for (short, long) in zip(stopped, together) {
      #expect(long.tokens.starts(with: short.tokens))
      var stream = language.tokenizer.decodeStream()
      let before = short.tokens.dropLast().reduce(0) { $0 + stream.append($1).utf8.count }
      #expect(before < 4 && (short.reason == .stopped || short.reason == long.reason))
    }
    #expect(try generator.generateGreedy(prompts: [], maxTokens: 5).isEmpty)
  }

  @Test func endOfTextEndsUnlessToldOtherwise() throws {
    let free = try TextGenerator(Tiny.model()).generate(
      "the", settings: .greedy(maxTokens: 20, stopAtEndOfText: false))
    let end = free.tokens[4]
    let before = Array(free.tokens.prefix { $0 != end })
    let generator = TextGenerator(try Tiny.model(endOfTextTokens: [end]))
    let ended = try generator.generate("the", settings: .greedy(maxTokens: 20))
    #expect(ended.tokens == before && ended.reason == .endOfText)
    #expect(try generator.generateGreedy(prompts: ["the"], maxTokens: 20)[0] == ended)
    let ignored = try generator.generate("the", settings: .greedy(maxTokens: 20, stopAtEndOfText: false))
    #expect(ignored.tokens == free.tokens && ignored.reason == .maxTokens)
  }

  @Test func theContextIsNeverLeft() throws {
    let language = try Tiny.model(context: 16)
    let generator = TextGenerator(language)
    let prompt = [UInt32](repeating: 70, count: 10)
    let settings = SamplingSettings.greedy(maxTokens: 100, stopAtEndOfText: false)
    let generation = try generator.generate(tokens: prompt, settings: settings)
    #expect(generation.tokens.count == 6 && generation.reason == .contextLength)
    let full = try generator.generate(tokens: [UInt32](repeating: 70, count: 16), settings: settings)
    #expect(full.tokens.isEmpty && full.reason == .contextLength)
    let exact = try generator.generate(tokens: prompt, settings: .greedy(maxTokens: 6, stopAtEndOfText: false))
    #expect(exact.tokens == generation.tokens && exact.reason == .maxTokens)
    let none = try generator.generate(tokens: prompt, settings: .greedy(maxTokens: 0))
    #expect(none.tokens.isEmpty && none.reason == .maxTokens)

    let tooLong = sentence { try generator.generate(tokens: [UInt32](repeating: 70, count: 17), settings: settings) }
    #expect(tooLong.contains("17") && tooLong.contains("16"))
    #expect(sentence { _ = try generator.generateGreedy(
      prompts: [String(repeating: "qzx", count: 40)], maxTokens: 3) }.contains("context of 16"))
    #expect(sentence { try generator.generate(tokens: [], settings: settings) }.contains("no token"))
    #expect(sentence { try generator.generate(tokens: [9999], settings: settings) }.contains("9999"))
  }

  @Test func piecesJoinToTheText() throws {
    let generator = TextGenerator(try Tiny.model(seed: 5))
    let settings = SamplingSettings(temperature: 3, seed: 1, maxTokens: 50, stopAtEndOfText: false)
    var text = ""
    var tokens: [UInt32] = []
    let generation = try generator.generate("a", settings: settings) { token, piece in
      if piece != "" || tokens.last != token { tokens.append(token) }
      text += piece
      return true
    }
    #expect(text == generation.text && !text.isEmpty)
    #expect(text == generator.model.tokenizer.text(generation.tokens, skippingSpecialTokens: true))
    var calls = 0
    let stopped = try generator.generate("a", settings: settings) { _, _ in
      calls += 1
      return calls < 3
    }
    #expect(stopped.tokens == Array(generation.tokens.prefix(3)) && stopped.reason == .stopped)
  }

  @Test func paddingOfTheVocabularyIsNeverWritten() throws {
    let language = try Tiny.model(padding: 212)
    let settings = SamplingSettings(temperature: 100, seed: 1, maxTokens: 60, stopAtEndOfText: false)
    let generation = try TextGenerator(language).generate("a", settings: settings)
    #expect(generation.tokens.allSatisfy { Int($0) < language.tokenizer.vocabularySize })
  }

  @Test func anEmptyPromptBeginsADocument() throws {
    let language = try Tiny.model()
    #expect(try language.promptTokens("") == [try #require(language.tokenizer.endOfText)])
  }
}
