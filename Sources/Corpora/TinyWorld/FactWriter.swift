/// Encyclopedia entries, registers, letters, timetables: documents that state what is true of the world.
struct FactWriter {
  let facts: WorldFacts

  func write(random: inout WorldRandom, to text: inout TextBuffer) {
    switch random.below(20) {
    case 0...8: writeCards(random: &random, to: &text)
    case 9...12: writeRegister(random: &random, to: &text)
    case 13...15: writeEntries(random: &random, to: &text)
    case 16: writeLetter(random: &random, to: &text)
    case 17: writeTimetable(random: &random, to: &text)
    default: writeNotes(random: &random, to: &text)
    }
  }

  /// Short lines such as `pet of Mira: goat`, the densest way to say something.
  private func writeCards(random: inout WorldRandom, to text: inout TextBuffer) {
    if random.chance(30) {
      text.add(random.pick(["Cards about ", "Short notes from ", "Known in ", "Index cards of "]))
      text.add(facts.land)
      text.newline()
    }
    for _ in 0..<random.within(12...20) {
      let fact = facts.facts[facts.drawFact(random: &random)]
      text.add(fact.relation.label)
      text.add(" of ")
      text.add(facts.name(fact.entity))
      text.add(": ")
      text.add(fact.value)
      text.newline()
    }
  }

  /// All facts of a few people and places, in flowing sentences.
  private func writeEntries(random: inout WorldRandom, to text: inout TextBuffer) {
    for entity in facts.drawEntities(random.within(2...3), random: &random) {
      if random.chance(50) {
        text.add(facts.name(entity))
        text.add(random.chance(50) ? "\n" : ": ")
      }
      writeAbout(entity, random: &random, to: &text)
      text.newline()
    }
  }

  /// Sentences with all facts of one entity in random order.
  func writeAbout(_ entity: Int, random: inout WorldRandom, to text: inout TextBuffer) {
    var indices = Array(facts.factIndices(of: entity))
    random.shuffle(&indices)
    var position = 0
    while position < indices.count {
      if position > 0 { text.add(" ") }
      if position + 1 < indices.count, random.chance(45) {
        // Two or three facts joined by one subject.
        let joined = position + 2 < indices.count && random.chance(40) ? 3 : 2
        let usePronoun = position > 0 && random.chance(50)
        text.add(usePronoun ? facts.pronoun(entity) : facts.name(entity))
        text.add(" ")
        for part in 0..<joined {
          if part > 0 { text.add(part == joined - 1 ? " and " : ", ") }
          facts.writeClause(indices[position + part], random: &random, to: &text)
        }
        text.add(".")
        position += joined
      } else {
        facts.writeStatement(
          indices[position], pronoun: position > 0 && random.chance(35), random: &random, to: &text)
        position += 1
      }
    }
  }

  /// Lines such as `Mira: job baker, pet goat`.
  private func writeRegister(random: inout WorldRandom, to text: inout TextBuffer) {
    let ofPeople = random.chance(60)
    text.add(
      ofPeople ? random.pick(["People of ", "Register of ", "Neighbours in "]) : random.pick(["Towns of ", "Map of "]))
    text.add(facts.land)
    text.newline()
    let count = random.within(4...7)
    let entities =
      ofPeople ? facts.drawPeople(count, random: &random) : facts.drawPlaces(count, random: &random)
    for entity in entities {
      text.add(facts.name(entity))
      var indices = Array(facts.factIndices(of: entity))
      random.shuffle(&indices)
      for (position, index) in indices.prefix(random.within(2...4)).enumerated() {
        text.add(position == 0 ? ": " : "; ")
        text.add(facts.facts[index].relation.label)
        text.add(" ")
        text.add(facts.facts[index].value)
      }
      text.newline()
    }
  }

  private func writeLetter(random: inout WorldRandom, to text: inout TextBuffer) {
    let people = facts.drawPeople(3, random: &random)
    let home = facts.value(.home, of: people[0])
    text.add(home)
    text.add(", ")
    text.add(random.pick(WorldWords.seasons))
    text.add("\nDear ")
    text.add(facts.name(people[1]))
    text.add(",\n")
    text.add(
      random.pick([
        "the days are ", "since Monday it has been ", "this week is ", "here in the hills it is ", "the mornings are ",
      ]))
    text.add(random.pick(WorldWords.weathers))
    text.add(". ")
    text.add(random.pick(["Let me tell you about ", "You asked about ", "I met ", "Yesterday I talked with "]))
    text.add(facts.name(people[2]))
    text.add(". ")
    writeAbout(people[2], random: &random, to: &text)
    text.add(random.pick(["\nI also saw ", "\nThen I travelled to ", "\nNext month I will visit "]))
    let place = facts.drawPlaces(1, random: &random)[0]
    text.add(facts.name(place))
    text.add(". ")
    writeAbout(place, random: &random, to: &text)
    text.add(random.pick(["\nYour friend, ", "\nYours, ", "\nBest wishes, ", "\nWrite soon! "]))
    text.add(facts.name(people[0]))
    text.newline()
  }

  private func writeTimetable(random: inout WorldRandom, to text: inout TextBuffer) {
    text.add(random.pick(["Markets in ", "Market days of ", "Timetable for "]))
    text.add(facts.land)
    text.newline()
    for entity in facts.drawPlaces(random.within(4...6), random: &random) {
      text.add(facts.name(entity))
      text.add(": ")
      text.add(facts.value(.market, of: entity))
      if random.chance(70) {
        text.add(", ")
        text.add(facts.value(.goods, of: entity))
      }
      if random.chance(40) {
        text.add(", by the ")
        text.add(facts.value(.landmark, of: entity))
      }
      text.newline()
    }
  }

  /// Single statements about anyone, one after the other.
  private func writeNotes(random: inout WorldRandom, to text: inout TextBuffer) {
    for position in 0..<random.within(7...12) {
      if position > 0 { text.add(random.chance(80) ? " " : "\n") }
      facts.writeStatement(facts.drawFact(random: &random), random: &random, to: &text)
    }
    text.newline()
  }

  func heldOutQuestions(count: Int, random: inout WorldRandom) -> [TinyWorld.Question] {
    facts.questionPhrasings.heldOutPairs(count: count, random: &random).enumerated().map { number, pair in
      question("facts-\(number)", fact: pair.fact, phrasing: pair.phrasing)
    }
  }

  /// The question for a fact in one phrasing.
  func question(_ id: String, fact: Int, phrasing: Int) -> TinyWorld.Question {
    var text = TextBuffer()
    text.add("Question: ")
    facts.writeQuestion(fact, phrasing: phrasing, to: &text)
    text.add("\nAnswer:")
    return TinyWorld.Question(
      id: id, category: .facts, prompt: text.string, answer: facts.facts[fact].value, choices: facts.choices(fact))
  }
}
