/// Stories about the people and places. Each ends in a sentence that only someone who knows the world can finish.
struct StoryWriter {
  let facts: WorldFacts

  func write(random: inout WorldRandom, to text: inout TextBuffer) {
    guard random.chance(45) else { return writeSketches(random: &random, to: &text) }
    let people = facts.drawPeople(2, random: &random)
    let place = facts.drawPlaces(1, random: &random)[0]
    let (hero, friend) = (people[0], people[1])
    writeOpening(place, random: &random, to: &text)
    text.add(facts.name(hero))
    text.add(", who ")
    writeTwoClauses(hero, random: &random, to: &text)
    text.add(
      random.pick([
        ", walked to the ", ", went down to the ", ", waited near the ", ", sang on the way to the ",
        ", came from the ",
      ]))
    text.add(random.pick(WorldWords.spots))
    text.add(". ")
    writeAside(hero, random: &random, to: &text)
    text.add(random.pick(["Soon ", "There ", "After a while ", "A little later "]))
    text.add(facts.pronouns[hero])
    text.add(random.pick([" met ", " found ", " heard ", " saw "]))
    text.add(facts.name(friend))
    text.add(", who ")
    writeTwoClauses(friend, random: &random, to: &text)
    text.add(". ")
    writeAside(friend, random: &random, to: &text)
    text.add(random.pick(["They talked about ", "They dreamed of ", "They wanted to see ", "Both had been in "]))
    text.add(facts.name(place))
    text.add(". ")
    writeAside(place, random: &random, to: &text)
    writeIncident([facts.name(hero), "They"], random: &random, to: &text)
    let ending = random.pick(Array(facts.factIndices(of: random.pick([hero, friend, place]))))
    writeEnding(ending, random: &random, to: &text)
  }

  /// A few very short stories, one a line.
  private func writeSketches(random: inout WorldRandom, to text: inout TextBuffer) {
    for _ in 0..<random.within(2...4) {
      let fact = facts.drawFact(random: &random)
      writeSketch(fact, random: &random, to: &text)
      writeEnding(fact, random: &random, to: &text)
    }
  }

  /// A moment and an incident in the life of the person or place whose fact the ending will need.
  private func writeSketch(_ fact: Int, random: inout WorldRandom, to text: inout TextBuffer) {
    let entity = facts.facts[fact].entity
    let isPerson = facts.isPerson(entity)
    let hero = isPerson ? entity : facts.drawPeople(1, random: &random)[0]
    writeMoment(isPerson ? facts.drawPlaces(1, random: &random)[0] : entity, random: &random, to: &text)
    writeIncident([facts.name(hero)], random: &random, to: &text)
  }

  private func writeMoment(_ place: Int, random: inout WorldRandom, to text: inout TextBuffer) {
    text.add("It was a ")
    text.add(random.pick(WorldWords.weathers))
    text.add(" ")
    text.add(random.pick(WorldWords.seasons))
    text.add(" ")
    text.add(random.pick(WorldWords.times))
    text.add(" in ")
    text.add(facts.name(place))
    text.add(". ")
  }

  private func writeOpening(_ place: Int, random: inout WorldRandom, to text: inout TextBuffer) {
    switch random.below(3) {
    case 0: writeMoment(place, random: &random, to: &text)
    case 1:
      text.add("One ")
      text.add(random.pick(WorldWords.weathers))
      text.add(" ")
      text.add(random.pick(WorldWords.times))
      text.add(" in ")
      text.add(random.pick(WorldWords.seasons))
      text.add(", ")
    default:
      text.add("Long ago, on a ")
      text.add(random.pick(WorldWords.weathers))
      text.add(" ")
      text.add(random.pick(WorldWords.times))
      text.add(", ")
    }
  }

  /// Something that nobody needs to remember, in words of all sorts.
  private func writeIncident(_ subjects: [String], random: inout WorldRandom, to text: inout TextBuffer) {
    for _ in 0..<random.within(1...2) {
      text.add(random.pick(subjects))
      text.add(" ")
      text.add(random.pick(WorldWords.verbs))
      text.add(random.chance(50) ? " the " : " every ")
      text.add(random.pick(WorldWords.adjectives))
      text.add(" ")
      text.add(random.pick(WorldWords.nouns))
      switch random.below(4) {
      case 0:
        text.add(" near the ")
        text.add(random.pick(WorldWords.nouns))
      case 1:
        text.add(" ")
        text.add(random.pick(WorldWords.adverbs))
      default: break
      }
      text.add(". ")
    }
  }

  private func writeTwoClauses(_ entity: Int, random: inout WorldRandom, to text: inout TextBuffer) {
    let range = facts.factIndices(of: entity)
    let two = random.sample(2, below: range.count)
    facts.writeClause(range.lowerBound + two[0], random: &random, to: &text)
    text.add(" and ")
    facts.writeClause(range.lowerBound + two[1], random: &random, to: &text)
  }

  private func writeAside(_ entity: Int, random: inout WorldRandom, to text: inout TextBuffer) {
    let range = facts.factIndices(of: entity)
    for offset in random.sample(random.within(1...3), below: range.count) {
      facts.writeStatement(range.lowerBound + offset, random: &random, to: &text)
      text.add(" ")
    }
  }

  /// The last line of a story that training may show: the fact in one of its endings.
  private func writeEnding(_ fact: Int, random: inout WorldRandom, to text: inout TextBuffer) {
    let ending = random.pick(facts.endingPhrasings.training[fact])
    writeEnding(fact, phrasing: ending, value: facts.facts[fact].value, random: &random, to: &text)
    text.add(".\n")
  }

  private func writeEnding(
    _ fact: Int, phrasing: Int, value: String, random: inout WorldRandom, to text: inout TextBuffer
  ) {
    text.add(random.pick(["In the end ", "At last ", "When the lamps were lit, ", "Before the rain came, "]))
    facts.writeEnding(fact, phrasing: phrasing, value: value, to: &text)
  }

  /// A very short story about a fact that breaks off before the fact's value.
  func question(
    _ id: String, fact: Int, phrasing: Int, random: inout WorldRandom
  ) -> TinyWorld.Question {
    var text = TextBuffer()
    writeSketch(fact, random: &random, to: &text)
    writeEnding(fact, phrasing: phrasing, value: "", random: &random, to: &text)
    text.dropTrailingSpace()
    return TinyWorld.Question(
      id: id, category: .stories, prompt: text.string, answer: facts.facts[fact].value, choices: facts.choices(fact))
  }

  func heldOutQuestions(count: Int, random: inout WorldRandom) -> [TinyWorld.Question] {
    facts.endingPhrasings.heldOutPairs(count: count, random: &random).enumerated().map { number, pair in
      question("stories-\(number)", fact: pair.fact, phrasing: pair.phrasing, random: &random)
    }
  }
}
