import Randomness

/// Documents of small programs with the output that they really have.
struct ProgramWriter {
  let facts: WorldFacts

  struct Program {
    let source: TextBuffer
    /// The printed lines, joined by spaces.
    let output: String
  }

  private static func writePrompt(_ program: Program, to text: inout TextBuffer) {
    text.add("Program:\n")
    text.add(program.source.bytes[...])
    text.add("Output:")
  }

  /// A program of either fate: one in eight, told by its text, is kept for held-out questions.
  func draw(heldOut: Bool, random: inout WorldRandom) -> Program {
    while true {
      let statements = drawStatements(random: &random)
      var source = TextBuffer()
      for statement in statements { statement.write(indent: "", to: &source) }
      var hash = facts.seed
      for byte in source.bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
      guard (SplitMix64.mix(hash) % 8 == 0) == heldOut else { continue }
      var interpreter = WorldInterpreter()
      interpreter.run(statements)
      return Program(source: source, output: interpreter.output.joined(separator: " "))
    }
  }

  private func drawStatements(random: inout WorldRandom) -> [WorldStatement] {
    let names = random.sample(2, below: 8).map { ["a", "b", "c", "n", "x", "y", "k", "m"][$0] }
    let (first, second) = (WorldExpression.variable(names[0]), WorldExpression.variable(names[1]))
    let (p, q, r) = (random.within(1...9), random.within(1...9), random.within(1...9))
    let word = random.pick(WorldWords.things)
    let person = facts.people[facts.drawPeople(1, random: &random)[0]]
    switch random.below(12) {
    case 8...9:
      return [.print(.sum(.number(p), .number(q))), .print(.text(word))]
    case 10:
      return [.print(.text(word)), .print(.text(person))]
    case 11:
      return [.print(.text(person)), .print(.difference(.number(p + q), .number(q)))]
    case 0:
      return [.assign(names[0], .number(p)), .assign(names[1], .sum(first, .number(q))), .print(second)]
    case 1:
      return [
        .assign(names[0], .number(p + q)), .assign(names[1], .number(q)), .print(.difference(first, second)),
      ]
    case 2:
      return [
        .assign(names[0], .number(p)), .assign(names[1], .number(q)),
        .ifGreater(first, second, then: [.print(first)], otherwise: [.print(second)]),
      ]
    case 3:
      return [
        .assign(names[0], .number(p)),
        .ifGreater(
          first, .number(q), then: [.print(.text(word))],
          otherwise: [.print(.text(person))]),
      ]
    case 4:
      let repeats = random.within(2...4)
      return [.loop(count: repeats, [.print(.text(word))])]
    case 5:
      return [
        .assign(names[0], .number(r)), .loop(count: random.within(2...4), [.assign(names[0], .sum(first, .number(1)))]),
        .print(first),
      ]
    default:
      return [
        .assign(names[0], .text(word)), .assign(names[1], .number(p)), .print(random.chance(50) ? first : second),
        .print(random.chance(50) ? first : .number(q)),
      ]
    }
  }

  func write(random: inout WorldRandom, to text: inout TextBuffer) {
    for _ in 0..<random.within(4...5) {
      let program = draw(heldOut: false, random: &random)
      Self.writePrompt(program, to: &text)
      text.add(" ")
      text.add(program.output)
      text.newline()
    }
  }

  static func question(_ id: String, _ program: Program) -> TinyWorld.Question {
    var text = TextBuffer()
    writePrompt(program, to: &text)
    return TinyWorld.Question(id: id, category: .programs, prompt: text.string, answer: program.output, choices: [])
  }

  func heldOutQuestions(count: Int, random: inout WorldRandom) -> [TinyWorld.Question] {
    var questions: [TinyWorld.Question] = []
    var seen: Set<String> = []
    while questions.count < count {
      let program = draw(heldOut: true, random: &random)
      let question = Self.question("programs-\(questions.count)", program)
      if seen.insert(question.prompt).inserted { questions.append(question) }
    }
    return questions
  }
}
