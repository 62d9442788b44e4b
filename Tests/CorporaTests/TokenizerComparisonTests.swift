import Corpora
import Formats
import TestSupport
import Testing
import Tokenization

/// What `apus tokenizer compare` counts.
@Suite struct TokenizerComparisonTests {
  /// A tokenizer whose only merge is "an".
  private func tokenizer() throws -> Tokenizer {
    let options = BPETrainer.Options(vocabularySize: 257, preTokenizer: .gpt2, specialTokens: [], endOfText: nil)
    var trainer = try BPETrainer(options, threads: 1)
    trainer.add([Array("an an an".utf8)])
    return try trainer.train()
  }

  @Test func everyWordCountsAsOftenAsItStands() throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("a.txt", "an a an! no")
    let tokenizer = try tokenizer()
    #expect(tokenizer.encode("an").count == 1 && tokenizer.encode("no").count == 2)
    let result = try TokenizerComparison.measure([tokenizer, tokenizer], on: file)
    #expect(result[0] == result[1])
    // Words an, a, an, no take 1, 1, 1 and 2 tokens.
    #expect(result[0].words == 4 && result[0].fertility == 1.25 && result[0].continued == 0.25)
    #expect(result[0].bytes == 11 && result[0].tokens == tokenizer.encode("an a an! no").count)
    #expect(result[0].tokensPerWord == Double(result[0].tokens) / 4)
    #expect(result[0].bytesPerToken == 11 / Double(result[0].tokens))
  }

  @Test func documentsBeyondTheLimitAreLeft() throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("a.jsonl", #"{"text": "one"}"# + "\n" + #"{"text": "two three"}"# + "\n")
    let tokenizer = try tokenizer()
    #expect(try TokenizerComparison.measure([tokenizer], on: file, limit: 3)[0].words == 1)
    #expect(try TokenizerComparison.measure([tokenizer], on: file, limit: 4)[0].words == 3)
    let empty = try folder.file("b.jsonl", #"{"text": " -- "}"#)
    #expect(throws: CorpusError.self) { try TokenizerComparison.measure([tokenizer], on: empty) }
  }
}
