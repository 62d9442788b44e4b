/// Stories about the people and places.
struct StoryWriter {
  let facts: WorldFacts

  func write(random: inout WorldRandom, to text: inout TextBuffer) {
    guard random.chance(45) else { return writeShort(random: &random, to: &text) }
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
    writeIncident(hero, random: &random, to: &text)
    writeEnding(hero, friend, random: &random, to: &text)
    text.newline()
  }

  /// A moment and one scene with its questions. No document holds two scenes: things of others would hide from a
  /// young model that the answer stands just before the question.
  private func writeShort(random: inout WorldRandom, to text: inout TextBuffer) {
    writeMoment(facts.drawPlaces(1, random: &random)[0], random: &random, to: &text)
    writeIncident(facts.drawPeople(1, random: &random)[0], random: &random, to: &text)
    text.newline()
    CarryingWriter(facts: facts).write(random: &random, to: &text)
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
  private func writeIncident(_ hero: Int, random: inout WorldRandom, to text: inout TextBuffer) {
    for _ in 0..<random.within(1...2) {
      text.add(random.chance(50) ? facts.name(hero) : "They")
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

  private func writeEnding(_ hero: Int, _ friend: Int, random: inout WorldRandom, to text: inout TextBuffer) {
    text.add(random.pick(["In the end ", "At last ", "When the lamps were lit, ", "Before the rain came, "]))
    text.add(facts.name(random.chance(50) ? hero : friend))
    text.add(
      random.pick([
        " went home ", " fell asleep ", " laughed and was ", " told a tale and felt ", " sat by the fire, ", " felt ",
      ]))
    text.add(random.pick(WorldWords.moods))
    text.add(random.pick([".", " and thankful.", " once more.", " under the stars.", ", as always."]))
  }
}
