extension TinyWorld {
  /// A question with one right answer.
  public struct Question: Sendable, Equatable {
    /// Unique within its category, such as `facts-17`.
    public let id: String
    /// What it is about.
    public let category: Category
    /// The text that a model continues, without a space at its end: it breaks off after `Answer:` or `Output:`,
    /// or in the last sentence of a story.
    public let prompt: String
    /// One or two words. A model's line may give reasons first; it must end with this.
    public let answer: String
    /// Answers to rank, the right one among them.
    public let choices: [String]

    /// A question from its parts.
    public init(id: String, category: Category, prompt: String, answer: String, choices: [String]) {
      self.id = id
      self.category = category
      self.prompt = prompt
      self.answer = answer
      self.choices = choices
    }

    /// Whether a model's continuation of the prompt answers the question: its first line, without white space
    /// and full stops around it, is the answer or ends with it as a word of its own.
    public func isAnswered(by completion: String) -> Bool {
      var line = completion.utf8.drop { $0 == 0x20 || $0 == 0x0A }[...]
      if let end = line.firstIndex(of: 0x0A) { line = line[..<end] }
      while let last = line.last, last == 0x20 || last == 0x2E || last == 0x0D { line = line.dropLast() }
      let wanted = Array(answer.utf8)
      guard line.count >= wanted.count, line.suffix(wanted.count).elementsEqual(wanted) else { return false }
      let before = line.dropLast(wanted.count).last
      return before == nil || before == 0x20
    }
  }

  /// Held-out questions of a category: at most `count`, and always the same first ones.
  ///
  /// Facts are asked in a phrasing that no document uses for that person or place, arithmetic about operands
  /// that no document combines, programs are ones that no document contains, and stories end in words that no
  /// document uses for that fact.
  public func questions(_ category: Category, count: Int) -> [Question] {
    var random = WorldRandom(seed: seed, purpose: .question, index: UInt64(category.rawValue.utf8.count))
    switch category {
    case .facts: return FactWriter(facts: facts).heldOutQuestions(count: count, random: &random)
    case .arithmetic: return ArithmeticWriter(facts: facts).heldOutQuestions(count: count, random: &random)
    case .programs: return ProgramWriter(facts: facts).heldOutQuestions(count: count, random: &random)
    case .stories: return StoryWriter(facts: facts).heldOutQuestions(count: count, random: &random)
    }
  }

  /// Question number `n` of the endless list of questions of the kind that training documents hold.
  public func trainingQuestion(_ category: Category, _ n: UInt64) -> Question {
    let stream = UInt64(category.rawValue.utf8.count) << 48 | n
    var random = WorldRandom(seed: seed, purpose: .trainingQuestion, index: stream)
    let id = "\(category.rawValue)-training-\(n)"
    switch category {
    case .facts:
      let fact = facts.drawFact(random: &random)
      let phrasing = facts.trainingPhrasing(fact, random: &random)
      return FactWriter(facts: facts).question(id, fact: fact, phrasing: phrasing)
    case .arithmetic:
      return ArithmeticWriter.question(id, ArithmeticProblem.drawForTraining(seed: seed, random: &random))
    case .programs:
      return ProgramWriter.question(id, ProgramWriter(facts: facts).draw(heldOut: false, random: &random))
    case .stories:
      let fact = facts.drawFact(random: &random)
      let phrasing = random.pick(facts.endingPhrasings.training[fact])
      return StoryWriter(facts: facts).question(id, fact: fact, phrasing: phrasing, random: &random)
    }
  }
}
