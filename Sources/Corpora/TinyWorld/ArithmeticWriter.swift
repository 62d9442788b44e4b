/// Documents of arithmetic with steps.
struct ArithmeticWriter {
  let facts: WorldFacts

  static func writePrompt(_ problem: ArithmeticProblem, to text: inout TextBuffer) {
    text.add("Question: What is ")
    problem.write(to: &text)
    text.add("?\nAnswer:")
  }

  static func choices(_ problem: ArithmeticProblem) -> [String] {
    let result = problem.result
    return [result, result + 1, max(0, result - 1), result + 10].map { String($0) }
  }

  func write(random: inout WorldRandom, to text: inout TextBuffer) {
    let teacher = random.below(WorldFacts.peopleCount)
    switch random.below(8) {
    case 0:
      text.add(facts.name(teacher))
      text.add(random.pick([" writes on the board:\n", " counts:\n", " adds and takes away:\n", " learns numbers:\n"]))
    case 1: text.add(random.pick(["Sums with steps.\n", "Numbers for the day.\n", "Arithmetic.\n", "A page of sums.\n"]))
    default: break
    }
    for _ in 0..<random.within(5...9) { writeExercise(random: &random, to: &text) }
  }

  private func writeExercise(random: inout WorldRandom, to text: inout TextBuffer) {
    let problem = ArithmeticProblem.drawForTraining(seed: facts.seed, random: &random)
    switch random.below(10) {
    case 0:
      writeTale(problem, random: &random, to: &text)
    case 1:
      text.add("Steps for ")
      problem.write(to: &text)
      text.add(": ")
      problem.writeSteps(to: &text)
      text.add(".\n")
    default:
      Self.writePrompt(problem, to: &text)
      text.add(" ")
      problem.writeSteps(to: &text)
      text.newline()
    }
  }

  /// A problem told with people and things.
  private func writeTale(_ problem: ArithmeticProblem, random: inout WorldRandom, to text: inout TextBuffer) {
    let things = random.pick(["plums", "eggs", "coins", "shells", "nuts", "buttons", "stones", "cards"])
    let person = random.below(WorldFacts.peopleCount)
    text.add(facts.name(person))
    text.add(" had ")
    text.add(problem.left)
    text.add(" ")
    text.add(things)
    text.add(
      problem.operation == .plus
        ? random.pick([" and found ", " and got ", " and bought "]) : random.pick([" and lost ", " and gave away ", " and sold "]))
    text.add(problem.right)
    text.add(". ")
    problem.writeSteps(to: &text)
    text.add(", so now there are ")
    text.add(problem.result)
    text.add(" ")
    text.add(things)
    text.add(".\n")
  }

  func heldOutQuestions(count: Int, random: inout WorldRandom) -> [TinyWorld.Question] {
    var problems: [ArithmeticProblem] = []
    for left in 11...99 {
      for right in 1...9 {
        for operation in [ArithmeticProblem.Operation.plus, .minus] {
          let problem = ArithmeticProblem(left: left, operation: operation, right: right)
          if problem.result <= 99, problem.isHeldOut(seed: facts.seed) { problems.append(problem) }
        }
      }
    }
    random.shuffle(&problems)
    return problems.prefix(max(0, count)).enumerated().map { index, problem in
      var text = TextBuffer()
      Self.writePrompt(problem, to: &text)
      return TinyWorld.Question(
        id: "arithmetic-\(index)", category: .arithmetic, prompt: text.string, answer: String(problem.result),
        choices: Self.choices(problem))
    }
  }
}
