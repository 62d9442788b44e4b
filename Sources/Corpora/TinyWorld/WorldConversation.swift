import Formats

extension TinyWorld {
  /// Conversation number `n` for supervised fine-tuning: `{"messages": [{"role", "content"}, …]}` with one to
  /// three questions about facts and sums, in phrasings and operands that training may show.
  public func conversation(_ n: UInt64) -> JSON {
    var random = WorldRandom(seed: seed, purpose: .chat, index: n)
    var messages: [JSON] = []
    for _ in 0..<random.within(1...3) {
      var question = TextBuffer()
      var answer = TextBuffer()
      if random.chance(70) {
        let index = facts.drawFact(random: &random)
        facts.writeQuestion(index, phrasing: facts.trainingPhrasing(index, random: &random), to: &question)
        facts.writeStatement(index, random: &random, to: &answer)
      } else {
        let problem = ArithmeticProblem.drawForTraining(seed: seed, random: &random)
        question.add(random.pick(["What is ", "Please work out ", "How much is "]))
        problem.write(to: &question)
        question.add("?")
        problem.writeSteps(to: &answer)
      }
      messages.append(["role": "user", "content": .string(question.string)])
      messages.append(["role": "assistant", "content": .string(answer.string)])
    }
    return ["messages": .array(messages)]
  }
}
