/// Documents of arithmetic with steps.
struct ArithmeticWriter {
  let facts: WorldFacts

  private static func writePrompt(_ problem: ArithmeticProblem, to text: inout TextBuffer) {
    text.add("Question: What is ")
    problem.write(to: &text)
    text.add("?\nAnswer:")
  }

  static func question(_ id: String, _ problem: ArithmeticProblem) -> TinyWorld.Question {
    var text = TextBuffer()
    writePrompt(problem, to: &text)
    let result = problem.result
    let choices = [result, result + 1, result > 0 ? result - 1 : 3, result + 2].map { String($0) }
    return TinyWorld.Question(
      id: id, category: .arithmetic, prompt: text.string, answer: String(result), choices: choices)
  }

  func write(random: inout WorldRandom, to text: inout TextBuffer) {
    let teacher = facts.drawPeople(1, random: &random)[0]
    switch random.below(8) {
    case 0:
      text.add(facts.name(teacher))
      text.add(random.pick([" writes on the board:\n", " counts:\n", " adds and takes away:\n", " learns numbers:\n"]))
    case 1:
      text.add(random.pick(["Sums with steps.\n", "Numbers for the day.\n", "Arithmetic.\n", "A page of sums.\n"]))
    default: break
    }
    for _ in 0..<random.within(5...9) { writeExercise(random: &random, to: &text) }
  }

  private func writeExercise(random: inout WorldRandom, to text: inout TextBuffer) {
    switch random.below(10) {
    case 0:
      writeTale(random: &random, to: &text)
    case 1...2:
      // A row of the tables: single steps, which are never held out.
      for position in 0..<6 {
        if position > 0 { text.add(", ") }
        let operation: ArithmeticProblem.Operation = random.chance(50) ? .plus : .minus
        let left = random.within(1...18)
        let right = random.within(1...(operation == .plus ? 9 : min(9, left)))
        ArithmeticProblem.writeStep(left, operation, right, to: &text)
      }
      text.newline()
    default:
      let problem = ArithmeticProblem.drawForTraining(seed: facts.seed, random: &random)
      Self.writePrompt(problem, to: &text)
      text.add(" ")
      problem.writeSteps(to: &text)
      text.newline()
    }
  }

  /// A problem told with people and things.
  private func writeTale(random: inout WorldRandom, to text: inout TextBuffer) {
    let problem = ArithmeticProblem.drawForTraining(seed: facts.seed, random: &random)
    let things = random.pick(["plums", "eggs", "coins", "shells", "nuts", "buttons", "stones", "cards"])
    text.add(facts.name(facts.drawPeople(1, random: &random)[0]))
    text.add(" had ")
    text.add(problem.first)
    text.add(" ")
    text.add(things)
    text.add(",")
    writeEvent(problem.firstOperation, problem.second, random: &random, to: &text)
    text.add(" and then")
    writeEvent(problem.secondOperation, problem.third, random: &random, to: &text)
    text.add(". ")
    problem.writeSteps(to: &text)
    text.add(", so now there are ")
    text.add(problem.result)
    text.add(" ")
    text.add(things)
    text.add(".\n")
  }

  private func writeEvent(
    _ operation: ArithmeticProblem.Operation, _ number: Int, random: inout WorldRandom, to text: inout TextBuffer
  ) {
    text.add(
      operation == .plus
        ? random.pick([" found ", " got ", " bought "]) : random.pick([" lost ", " gave away ", " sold "]))
    text.add(number)
  }

  func heldOutQuestions(count: Int, random: inout WorldRandom) -> [TinyWorld.Question] {
    var problems = ArithmeticProblem.all.filter { $0.isHeldOut(seed: facts.seed) }
    random.shuffle(&problems)
    return problems.prefix(max(0, count)).enumerated().map { index, problem in
      Self.question("arithmetic-\(index)", problem)
    }
  }
}
