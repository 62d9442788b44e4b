import Corpora
import TestSupport
import Testing

@Suite("The tiny world's held-out questions") struct TinyWorldQuestionTests {
  @Test("Every category has at least 300 different questions", arguments: 0..<12 as Range<UInt64>)
  func enoughQuestions(seed: UInt64) {
    let world = TinyWorld(seed: seed)
    for category in TinyWorld.Category.allCases {
      let questions = world.questions(category, count: 400)
      #expect(questions.count >= 300, "\(category): \(questions.count)")
      #expect(Set(questions.map(\.prompt)).count == questions.count)
      #expect(Set(questions.map(\.id)).count == questions.count)
      #expect(questions.allSatisfy { $0.category == category && !$0.answer.isEmpty && $0.prompt.last != " " })
      if category != .stories { #expect(questions.allSatisfy { $0.prompt.hasSuffix(":") }) }
      if category == .stories { #expect(questions.allSatisfy { $0.prompt.last?.isLetter == true }) }
      #expect(questions.allSatisfy { $0.choices.isEmpty || $0.choices.contains($0.answer) })
      #expect(questions.allSatisfy { Set($0.choices).count == $0.choices.count })
      #expect(Array(questions.prefix(50)) == world.questions(category, count: 50))
    }
    #expect(world.questions(.facts, count: 0).isEmpty && world.questions(.programs, count: 0).isEmpty)
  }

  @Test("Held-out questions with their answers occur in no document of 24 MB")
  func heldOutStringsAreAbsent() {
    let world = TinyWorld(seed: 1)
    var needles: [String] = []
    for category in TinyWorld.Category.allCases {
      for question in world.questions(category, count: 2000) {
        needles.append(question.prompt + " " + question.answer)
        let ask = question.prompt.split(separator: "\n").last { $0.hasPrefix("Question: ") }
        if category == .stories { needles.append(ending(of: question, in: world)) }
        // Of facts, not even the question may occur; of sums, not even the operands.
        if category == .facts, let ask { needles.append(String(ask.dropFirst(10))) }
        if category == .arithmetic, let ask { needles.append(String(ask.dropFirst(18).dropLast())) }
      }
    }
    let search = SubstringSearch(needles)
    var bytes = 0
    var n: UInt64 = 0
    while bytes < 24_000_000 {
      let text = Array(world.document(n).text.utf8)
      if let found = search.first(in: text) { Issue.record("document \(n) holds \(found)") }
      bytes += text.count
      n += 1
    }
    for conversation in 0..<3000 as Range<UInt64> {
      let text = world.conversation(conversation).serialized()
      if let found = search.first(in: text) { Issue.record("conversation \(conversation) holds \(found)") }
    }
    // The search does find what is there.
    let training = world.trainingQuestion(.facts, 0)
    let present = [training.prompt + " " + training.answer, ending(of: world.trainingQuestion(.stories, 0), in: world)]
    for needle in present {
      let there = SubstringSearch([needle])
      #expect((0..<20_000).contains { there.first(in: Array(world.document($0).text.utf8)) != nil }, "\(needle)")
    }
  }

  /// The last sentence of a story with its answer, from the name on: what comes before fits every ending.
  private func ending(of story: TinyWorld.Question, in world: TinyWorld) -> String {
    let sentence = story.prompt.split(separator: ". ").last ?? ""
    let start = (world.people + world.places).compactMap { sentence.firstRange(of: $0)?.lowerBound }.min()
    return sentence[(start ?? sentence.startIndex)...] + " " + story.answer
  }

  @Test("Training questions are not among the held-out ones", arguments: TinyWorld.Category.allCases)
  func trainingQuestionsAreOthers(category: TinyWorld.Category) {
    let world = TinyWorld(seed: 4)
    let held = Set(world.questions(category, count: 2000).map(\.prompt))
    let training = (0..<3000).map { world.trainingQuestion(category, $0) }
    #expect(training.allSatisfy { !held.contains($0.prompt) })
    #expect(Set(training.map(\.prompt)).count > 500)
  }

  @Test("A completion is judged by how its first line ends")
  func completionsAreJudged() {
    let question = TinyWorld.Question(
      id: "x", category: .arithmetic, prompt: "Question: What is 3 + 5 - 2?\nAnswer:", answer: "6", choices: [])
    for right in [" 6", "6.", " 3 + 5 = 8, 8 - 2 = 6\nQuestion: What", "\n6", "6. \r\n7"] {
      #expect(question.isAnswered(by: right), "\(right)")
    }
    for wrong in ["", " ", " 16", "\n\n", "7\n6", "6 7", ".", "five"] {
      #expect(!question.isAnswered(by: wrong), "\(wrong)")
    }
  }
}

/// Finds any of many strings in a text.
private struct SubstringSearch {
  private var byEnding: [UInt64: [[UInt8]]] = [:]
  private var filter = [Bool](repeating: false, count: 1 << 20)

  init(_ needles: [String]) {
    for needle in needles {
      let bytes = Array(needle.utf8)
      precondition(bytes.count >= 8)
      let ending = bytes.suffix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
      byEnding[ending, default: []].append(bytes)
      filter[Self.slot(ending)] = true
    }
  }

  private static func slot(_ ending: UInt64) -> Int { Int((ending &* 0x9E37_79B9_7F4A_7C15) >> 44) }

  func first(in text: [UInt8]) -> String? {
    var ending: UInt64 = 0
    for (position, byte) in text.enumerated() {
      ending = ending << 8 | UInt64(byte)
      guard position >= 7, filter[Self.slot(ending)], let candidates = byEnding[ending] else { continue }
      for needle in candidates where needle.count <= position + 1 {
        if text[(position + 1 - needle.count)...position].elementsEqual(needle) {
          return String(decoding: needle, as: UTF8.self)
        }
      }
    }
    return nil
  }
}
