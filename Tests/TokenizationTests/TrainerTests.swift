import Formats
import Testing
import Tokenization

@Suite("Training")
struct TrainerTests {
  private func train(
    _ documents: [[UInt8]], _ options: BPETrainer.Options, threads: Int = 2
  ) throws -> Tokenizer {
    var trainer = try BPETrainer(options, threads: threads)
    trainer.add(documents)
    return try trainer.train()
  }

  private func corpus() throws -> [[UInt8]] {
    Golden.strings(try Golden.json("corpus.json")).map { Array($0.utf8) }
  }

  @Test("gives the peer's merges and numbers, on any number of threads", arguments: [1, 2, 5])
  func equalsPeer(threads: Int) throws {
    for (kind, preTokenizer) in Golden.preTokenizers {
      let options = BPETrainer.Options(
        vocabularySize: 600, preTokenizer: preTokenizer, specialTokens: ["<|endoftext|>", "<|pad|>"])
      let tokenizer = try train(corpus(), options, threads: threads)
      let ours = try JSON.parse(tokenizer.tokenizerJSON(), name: "ours")
      let theirs = try Golden.json("\(kind).json")
      #expect(ours["model"]?["merges"] == theirs["model"]?["merges"], "\(kind)")
      #expect(ours["model"]?["vocab"]?.objectValue?.count == 600)
      for (token, id) in try #require(theirs["model"]?["vocab"]?.objectValue) {
        #expect(ours["model"]?["vocab"]?[token] == id)
      }
      #expect(ours["added_tokens"] == theirs["added_tokens"])
      #expect(tokenizer.endOfText == 0)
    }
  }

  @Test("of one document cut into pieces equals that of the whole")
  func cuts() throws {
    // Far above the size at which documents are cut for the threads.
    let text = Array(Golden.strings(try Golden.json("corpus.json")).joined(separator: "\n").utf8)
    let large = Array((0..<40).map { _ in text }.joined())
    for (_, preTokenizer) in Golden.preTokenizers {
      let options = BPETrainer.Options(vocabularySize: 500, preTokenizer: preTokenizer)
      let whole = try train([large], options, threads: 3)
      // Words of the whole text by the pre-tokenizer itself, each given as a document of its own.
      let ends = large.withUnsafeBufferPointer { preTokenizer.wordEnds($0) }
      var start = 0
      var words: [[UInt8]] = []
      for end in ends {
        words.append(Array(large[start..<end]))
        start = end
      }
      let single = try train(
        words, BPETrainer.Options(vocabularySize: 500, preTokenizer: PreTokenizer(pattern: .none)), threads: 1)
      let a = try JSON.parse(whole.tokenizerJSON(), name: "a")
      let b = try JSON.parse(single.tokenizerJSON(), name: "b")
      #expect(a["model"] == b["model"])
      var trainer = try BPETrainer(options, threads: 2)
      large.withUnsafeBufferPointer { trainer.add($0) }
      #expect(trainer.byteCount == large.count)
      #expect(try trainer.train().tokenizerJSON() == whole.tokenizerJSON())
    }
  }

  @Test("rounds the vocabulary, obeys the least frequency and numbers special tokens from 0")
  func options() throws {
    let rounded = try train(
      corpus(),
      BPETrainer.Options(
        vocabularySize: 390, vocabularyMultiple: 64, specialTokens: ["<e>", "<s>"], endOfText: "<e>"))
    #expect(rounded.vocabularySize == 448)
    #expect(rounded.token(for: 1) == Array("<s>".utf8))
    #expect(rounded.endOfText == 0)
    #expect(throws: TokenizerError.self) {
      try train(corpus(), BPETrainer.Options(vocabularySize: 400, minimumFrequency: 1_000_000))
    }
  }

  @Test("says how many tokens a text gives if it is too few")
  func tooLarge() throws {
    let options = BPETrainer.Options(vocabularySize: 1000)
    let error = #expect(throws: TokenizerError.self) { try train([Array("abab".utf8)], options) }
    // ab, abab
    #expect(error?.description.contains("at most 259") == true, "\(error?.description ?? "")")
    let possible = try train([Array("abab".utf8)], BPETrainer.Options(vocabularySize: 259))
    #expect(possible.encode("abab").count == 1)
  }

  @Test("refuses options that no text can meet")
  func badOptions() {
    let bad: [BPETrainer.Options] = [
      BPETrainer.Options(vocabularySize: 256), BPETrainer.Options(vocabularySize: -1),
      BPETrainer.Options(vocabularySize: 1 << 40), BPETrainer.Options(vocabularySize: 300, vocabularyMultiple: 0),
      BPETrainer.Options(vocabularySize: 300, specialTokens: ["<a>", "<a>"], endOfText: nil),
      BPETrainer.Options(vocabularySize: 300, specialTokens: ["a"], endOfText: nil),
      BPETrainer.Options(vocabularySize: 300, specialTokens: ["<a>"], endOfText: "<b>"),
    ]
    for options in bad { #expect(throws: TokenizerError.self) { try BPETrainer(options, threads: 1) } }
  }

  @Test("takes any bytes, also text that is not UTF-8 and NUL bytes")
  func anyBytes() throws {
    var generator = SeededGenerator(state: 5)
    let noise = (0..<50_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let tokenizer = try train([noise, [0, 0, 0, 0], []], BPETrainer.Options(vocabularySize: 300))
    #expect(tokenizer.decode(tokenizer.encode(noise)) == noise)
  }
}
