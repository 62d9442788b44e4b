import Corpora
import Evaluation
import Formats
import Inference
import Reporting
import Testing

/// Questions are read, asked and counted.
@Suite struct HeldOutQuestionsTests {
  /// Questions about which a random model is right exactly where `wrong` does not say otherwise.
  private static func rigged(_ model: LanguageModel, count: Int, wrong: (Int) -> Bool) throws -> [TinyWorld.Question] {
    let blank = (0..<4 * count).map { i in
      TinyWorld.Question(
        id: "q\(i)", category: .facts, prompt: "Question \(i): who sings?\nAnswer:", answer: "nobody at all", choices: [])
    }
    let answers = try HeldOutQuestions(blank).answers(by: model)
    #expect(answers.allSatisfy { !$0.isRight })
    let lastWords = answers.compactMap { answer -> (prompt: String, word: String)? in
      var line = answer.completion.utf8[...]
      while let last = line.last, [0x20, 0x2E, 0x0D].contains(last) { line = line.dropLast() }
      guard let word = line.split(separator: 0x20).last else { return nil }
      return (answer.question.prompt, String(decoding: word, as: UTF8.self))
    }
    try #require(lastWords.count >= count)
    return lastWords.prefix(count).enumerated().map { i, known in
      TinyWorld.Question(
        id: "q\(i)", category: i % 2 == 0 ? .facts : .stories, prompt: known.prompt,
        answer: wrong(i) ? "nobody" : known.word, choices: [])
    }
  }

  @Test func sharesAndIntervalsAreCounted() throws {
    let model = try tinyModel(context: 128, seed: 3)
    let questions = try Self.rigged(model, count: 40) { $0 % 4 == 0 }
    let baseline = MostFrequentAnswer(answers: ["nobody", "nobody", "Tira"])
    let held = HeldOutQuestions(questions, baselines: [.facts: baseline])
    let answers = try held.answers(by: model)
    #expect(answers.map(\.question) == questions)
    for (i, answer) in answers.enumerated() { #expect(answer.isRight == (i % 4 != 0), "\(answer)") }
    let results = held.results(answers, untrained: try held.answers(by: model.untrained(seed: 9)))
    #expect(results.map(\.task) == ["facts", "stories"])
    // Even numbers are facts, and every other of those is wrong.
    let facts = results[0]
    #expect(facts.questions == 20 && facts.scores.map(\.name) == ["model", "most frequent answer", "untrained"])
    let half = BinomialInterval(successes: 10, trials: 20)
    #expect(facts.scores[0].accuracy == 0.5 && facts.scores[0].low == half.lower && facts.scores[0].high == half.upper)
    #expect(facts.scores[1].accuracy == 0.5)
    #expect(results[1].scores.map(\.name) == ["model", "untrained"] && results[1].scores[0].accuracy == 1)
    #expect(results[0].scores[2].accuracy < 0.5)
  }

  @Test func filesOfAWorldAreRead() throws {
    let folder = try TemporaryFolder()
    let world = TinyWorld(seed: 3)
    let writer = TinyWorldWriter(world: world, questionsPerCategory: 30, conversations: 0)
    try writer.write(to: folder.path, textBytes: 1000)
    let held = try HeldOutQuestions(paths: [folder.path.appendingPath("heldout")], limit: 25)
    #expect(held.questions.count == 100 && held.baselines.count == 4)
    let all = Set(HeldOutQuestions(world: world, count: 30).questions.map(\.id))
    #expect(all.isSuperset(of: held.questions.map(\.id)))
    let arithmetic = folder.path.appendingPath("heldout/arithmetic.jsonl")
    let one = try HeldOutQuestions(paths: [arithmetic], examples: [folder.path.appendingPath("examples/facts.jsonl")])
    #expect(one.questions == world.questions(.arithmetic, count: 30))
    #expect(Array(one.baselines.keys) == [.facts])
  }

  @Test func completionsEndWithTheirLine() throws {
    let model = try tinyModel(context: 256)
    for answer in try HeldOutQuestions(world: TinyWorld(seed: 1), count: 3).answers(by: model) {
      #expect(!answer.completion.contains("\n"))
    }
  }

  @Test func damagedFilesAreNamed() throws {
    let folder = try TemporaryFolder()
    let good = #"{"category": "facts", "prompt": "Who?", "answer": "Tira"}"#
    #expect(try QuestionFile.read(folder.file("good.jsonl", "\n\(good)\r\n\n")).map(\.id) == ["facts-2"])
    for (name, line, expected) in [
      ("cut", #"{"category": "facts""#, "line 2"), ("none", #"{"category": "facts", "prompt": "Who?"}"#, "answer"),
      ("kind", #"{"category": "songs", "prompt": "a", "answer": "b"}"#, "songs"),
      ("list", "[]", "must be an object"), ("number", #"{"category": "facts", "prompt": 3, "answer": "b"}"#, "prompt"),
    ] {
      let path = try folder.file("\(name).jsonl", "\(good)\n\(line)\n")
      let refusal = sentence { _ = try QuestionFile.read(path) }
      #expect(refusal.contains("\(name).jsonl, line 2") && refusal.contains(expected), "\(refusal)")
    }
    #expect(sentence { _ = try QuestionFile.read(try folder.file("empty.jsonl", "\n")) }.contains("no questions"))
    #expect(sentence { _ = try HeldOutQuestions(paths: ["/nowhere"]) }.contains("/nowhere"))
  }
}
