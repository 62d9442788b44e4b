/// Questions and answers about the world, as plain lists and as talk between people.
struct DialogueWriter {
  let facts: WorldFacts

  func write(random: inout WorldRandom, to text: inout TextBuffer) {
    switch random.below(10) {
    case 0...6: writeList(random: &random, to: &text)
    default: writeTalk(random: &random, to: &text)
    }
  }

  private func writeList(random: inout WorldRandom, to text: inout TextBuffer) {
    // Half of the lists stay with a few people and places, which shows one fact under several phrasings.
    let circle = random.chance(30) ? facts.drawEntities(2, random: &random) : []
    for _ in 0..<random.within(6...11) {
      let index: Int
      if circle.isEmpty {
        index = facts.drawFact(random: &random)
      } else {
        index = random.pick(Array(facts.factIndices(of: random.pick(circle))))
      }
      text.add("Question: ")
      facts.writeQuestion(index, phrasing: facts.trainingPhrasing(index, random: &random), to: &text)
      text.add("\nAnswer: ")
      text.add(facts.facts[index].value)
      text.newline()
    }
  }

  private func writeTalk(random: inout WorldRandom, to text: inout TextBuffer) {
    let speakers = facts.drawPeople(2, random: &random)
    let asker = facts.name(speakers[0])
    let teller = facts.name(speakers[1])
    text.add(asker)
    text.add(random.pick([": Good morning, ", ": Hello, ", ": Welcome, ", ": What a fine day, "]))
    text.add(teller)
    text.add(random.pick(["!\n", ". May I ask you something?\n", ". How are you?\n"]))
    text.add(teller)
    text.add(random.pick([": Of course!\n", ": Hello! Please sit down.\n", ": I am well. Ask me anything.\n"]))
    for _ in 0..<random.within(4...6) {
      let index = facts.drawFact(random: &random)
      text.add(asker)
      text.add(": ")
      facts.writeQuestion(index, phrasing: facts.trainingPhrasing(index, random: &random), to: &text)
      text.newline()
      text.add(teller)
      text.add(": ")
      facts.writeStatement(index, random: &random, to: &text)
      text.newline()
    }
    text.add(asker)
    text.add(random.pick([": Thank you!\n", ": Now I know. Goodbye!\n", ": That was good to hear.\n"]))
  }
}
