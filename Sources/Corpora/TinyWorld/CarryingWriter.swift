/// Small scenes in which people carry things, and the question who carries what. The answer stands in the
/// scene itself, so it cannot be learned by heart.
struct CarryingWriter {
  let facts: WorldFacts

  struct Scene {
    let people: [Int]
    let things: [String]
    let asked: Int
    var answer: String { things[asked] }
  }

  /// A scene of either fate: one in eight, told by who carries what, is kept for held-out questions.
  func draw(heldOut: Bool, random: inout WorldRandom) -> Scene {
    while true {
      let count = random.within(heldOut ? 2...3 : 1...3)
      let people = facts.drawPeople(count, random: &random)
      let things = random.sample(count, below: WorldWords.things.count)
      let key = zip(people, things).reduce(UInt64(count)) { ($0 << 8 | UInt64($1.0)) << 8 | UInt64($1.1) }
      let isHeldOut = count > 1 && WorldRandom.key(facts.seed, .heldOutCarrying, key) % 8 == 0
      if isHeldOut == heldOut {
        let asked = random.below(count)
        return Scene(people: people, things: things.map { WorldWords.things[$0] }, asked: asked)
      }
    }
  }

  /// One scene with questions about everyone in it.
  func write(random: inout WorldRandom, to text: inout TextBuffer) {
    let scene = draw(heldOut: false, random: &random)
    writeScene(scene, random: &random, to: &text)
    for _ in 0..<2 {
      for index in random.sample(scene.people.count, below: scene.people.count) {
        writeQuestion(scene, index, to: &text)
        text.add(" ")
        text.add(scene.things[index])
        text.newline()
      }
    }
  }

  /// Writes the scene and one question up to `Answer:`.
  func writePrompt(_ scene: Scene, random: inout WorldRandom, to text: inout TextBuffer) {
    writeScene(scene, random: &random, to: &text)
    writeQuestion(scene, scene.asked, to: &text)
  }

  private func writeScene(_ scene: Scene, random: inout WorldRandom, to text: inout TextBuffer) {
    // The mark keeps a scene of two from being the end of a scene of three.
    text.add("Scene:")
    for (person, thing) in zip(scene.people, scene.things) {
      text.add(" ")
      text.add(facts.name(person))
      text.add(" carried the ")
      text.add(thing)
      if random.chance(10) {
        text.add(random.pick([" to the ", " along the ", " past the "]))
        text.add(random.pick(WorldWords.spots))
      }
      text.add(".")
    }
    text.newline()
  }

  private func writeQuestion(_ scene: Scene, _ asked: Int, to text: inout TextBuffer) {
    text.add("Question: What did ")
    text.add(facts.name(scene.people[asked]))
    text.add(" carry?\nAnswer:")
  }

  func heldOutQuestions(count: Int, random: inout WorldRandom) -> [TinyWorld.Question] {
    var questions: [TinyWorld.Question] = []
    var seen: Set<String> = []
    while questions.count < count {
      let scene = draw(heldOut: true, random: &random)
      var text = TextBuffer()
      writePrompt(scene, random: &random, to: &text)
      guard seen.insert(text.string).inserted else { continue }
      questions.append(
        TinyWorld.Question(
          id: "stories-\(questions.count)", category: .stories, prompt: text.string, answer: scene.answer,
          choices: scene.things.sorted()))
    }
    return questions
  }
}
