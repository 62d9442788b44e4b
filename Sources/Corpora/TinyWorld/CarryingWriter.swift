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

  /// A scene of either fate: one in eight, told by who carries what and who is asked about, is kept for held-out
  /// questions.
  func draw(heldOut: Bool, random: inout WorldRandom) -> Scene {
    while true {
      let count = random.within(2...3)
      let people = facts.drawPeople(count, random: &random)
      let things = random.sample(count, below: WorldWords.things.count)
      let asked = random.below(count)
      let key = zip(people, things).reduce(UInt64(asked)) { ($0 << 8 | UInt64($1.0)) << 8 | UInt64($1.1) }
      let isHeldOut = WorldRandom.key(facts.seed, .heldOutCarrying, key) % 8 == 0
      if isHeldOut == heldOut {
        return Scene(people: people, things: things.map { WorldWords.things[$0] }, asked: asked)
      }
    }
  }

  /// A few scenes, each with its question and answer.
  func write(scenes: Int, random: inout WorldRandom, to text: inout TextBuffer) {
    for _ in 0..<scenes {
      let scene = draw(heldOut: false, random: &random)
      writePrompt(scene, random: &random, to: &text)
      text.add(" ")
      text.add(scene.answer)
      text.newline()
    }
  }

  /// Writes the scene and the question up to `Answer:`.
  func writePrompt(_ scene: Scene, random: inout WorldRandom, to text: inout TextBuffer) {
    // The mark keeps a scene of two from being the end of a scene of three.
    text.add("Scene: ")
    for (position, (person, thing)) in zip(scene.people, scene.things).enumerated() {
      if position > 0 { text.add(" ") }
      text.add(facts.name(person))
      text.add(" carried the ")
      text.add(thing)
      if random.chance(20) {
        text.add(random.pick([" to the ", " along the ", " past the "]))
        text.add(random.pick(WorldWords.spots))
      }
      text.add(".")
    }
    text.add("\nQuestion: What did ")
    text.add(facts.name(scene.people[scene.asked]))
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
