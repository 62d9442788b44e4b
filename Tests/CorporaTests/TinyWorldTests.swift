import Corpora
import TestSupport
import Testing

@Suite("The tiny world's documents") struct TinyWorldTests {
  @Test("A document depends on the seed and its number alone")
  func documentsAreAFunctionOfSeedAndNumber() {
    let world = TinyWorld(seed: 5)
    let forward = (0..<200).map { world.document($0) }
    let backward = (0..<200).reversed().map { TinyWorld(seed: 5).document($0) }
    #expect(forward == backward.reversed())
    let other = TinyWorld(seed: 6)
    #expect(other.people != world.people && other.places != world.places)
    #expect((0..<200).allSatisfy { other.document($0) != world.document($0) })
    #expect(world.document(.max) != world.document(.max - 1))
  }

  @Test("The mixture decides the kinds", arguments: TinyWorld.Kind.allCases)
  func mixtureDecidesKinds(kind: TinyWorld.Kind) {
    let mixture = TinyWorld.Mixture(
      story: kind == .story ? 1 : 0, facts: kind == .facts ? 3 : 0, arithmetic: kind == .arithmetic ? 2 : 0,
      program: kind == .program ? 1 : 0, dialogue: kind == .dialogue ? 1 : -4)
    let world = TinyWorld(seed: 1, mixture: mixture)
    #expect((0..<300).allSatisfy { world.document($0).kind == kind })
  }

  @Test("The standard mixture holds every kind in its share")
  func standardMixtureHoldsEveryKind() {
    let world = TinyWorld(seed: 1)
    let mixture = world.mixture
    let weights: [TinyWorld.Kind: Int] = [
      .story: mixture.story, .facts: mixture.facts, .arithmetic: mixture.arithmetic, .program: mixture.program,
      .dialogue: mixture.dialogue,
    ]
    let total = weights.values.reduce(0, +)
    var counts: [TinyWorld.Kind: Int] = [:]
    for n in 0..<20_000 { counts[world.document(UInt64(n)).kind, default: 0] += 1 }
    for (kind, weight) in weights {
      let share = Double(counts[kind] ?? 0) / 20_000
      #expect(weight > 0 && abs(share - Double(weight) / Double(total)) < 0.02, "\(kind): \(share)")
    }
    #expect(
      TinyWorld(seed: 1, mixture: .init(story: 0, facts: 0, arithmetic: 0, program: 0, dialogue: 0)).mixture == mixture)
  }

  @Test("No two documents of 5 MB are the same")
  func documentsDiffer() { expectNoDuplicates(bytes: 5_000_000, seed: 1) }

  @Test("No two documents of 100 MB are the same", .enabled(if: SlowLane.isOpen))
  func manyDocumentsDiffer() { expectNoDuplicates(bytes: 100_000_000, seed: 1) }

  private func expectNoDuplicates(bytes: Int, seed: UInt64) {
    let world = TinyWorld(seed: seed)
    var seen: Set<UInt64> = []
    var written = 0
    var n: UInt64 = 0
    while written < bytes {
      let text = world.document(n).text
      written += text.utf8.count
      // FNV-1a, 64 bits: among 10^6 texts a chance collision has a probability of 3e-8.
      let hash = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
      if !seen.insert(hash).inserted { Issue.record("document \(n) is a repetition: \(text)") }
      n += 1
    }
    #expect(seen.count == Int(n))
  }

  @Test("Text is printable ASCII, ends its last line, and is neither tiny nor huge")
  func textIsPlain() {
    let world = TinyWorld(seed: 3)
    for n in 0..<5000 {
      let bytes = Array(world.document(UInt64(n)).text.utf8)
      #expect(bytes.allSatisfy { $0 == 0x0A || (0x20..<0x7F).contains($0) } && bytes.last == 0x0A)
      #expect((40...4000).contains(bytes.count), "document \(n) has \(bytes.count) bytes")
    }
  }

  @Test("Names are told by their first two letters", arguments: 0..<20 as Range<UInt64>)
  func namesDiffer(seed: UInt64) {
    let world = TinyWorld(seed: seed)
    let names = world.people + world.places + [world.land]
    #expect(Set(names.map { $0.prefix(2) }).count == names.count)
    #expect(world.people.count >= 24 && world.places.count >= 12)
  }

  @Test("One question has one answer in the whole corpus, and it agrees with the held-out one")
  func answersAgree() {
    let world = TinyWorld(seed: 2)
    var answers: [Substring: Substring] = [:]
    for n in 0..<8000 as Range<UInt64> {
      let document = world.document(n)
      guard document.kind == .dialogue else { continue }
      let lines = document.text.split(separator: "\n")
      for (question, answer) in zip(lines, lines.dropFirst())
      where question.hasPrefix("Question: ") && answer.hasPrefix("Answer: ") {
        let previous = answers.updateValue(answer.dropFirst(8), forKey: question)
        #expect(previous == nil || previous == answer.dropFirst(8), "\(question)")
      }
    }
    #expect(answers.count > 500)
    for question in (0..<500).map({ world.trainingQuestion(.facts, $0) }) {
      let line = question.prompt.split(separator: "\n")[0]
      if let answer = answers[line] { #expect(answer == question.answer) }
    }
  }
}
