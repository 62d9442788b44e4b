import Corpora
import Testing

@Suite("What the tiny world states is true") struct TinyWorldTruthTests {
  @Test("Every equation in arithmetic documents holds")
  func equationsHold() throws {
    let world = TinyWorld(
      seed: 9, mixture: .init(story: 0, facts: 0, arithmetic: 1, program: 0, dialogue: 0))
    let equation = #/(\d+) ([+-]) (\d+) = (\d+)/#
    var count = 0
    for n in 0..<500 as Range<UInt64> {
      for match in world.document(n).text.matches(of: equation) {
        let (a, b, c) = try (#require(Int(match.1)), #require(Int(match.3)), #require(Int(match.4)))
        #expect((match.2 == "+" ? a + b : a - b) == c, "\(match.0)")
        count += 1
      }
    }
    #expect(count > 3000)
  }

  @Test("Held-out sums have the right answer")
  func sumsAreRight() throws {
    for question in TinyWorld(seed: 8).questions(.arithmetic, count: 1000) {
      let match = try #require(question.prompt.firstMatch(of: #/is (\d) ([+-]) (\d) ([+-]) (\d)\?/#))
      let (a, b, c) = try (#require(Int(match.1)), #require(Int(match.3)), #require(Int(match.5)))
      #expect(question.answer == String(a + (match.2 == "+" ? b : -b) + (match.4 == "+" ? c : -c)))
    }
  }

  @Test("Programs print what a second interpreter prints")
  func programsPrintTheirOutput() {
    let world = TinyWorld(seed: 7)
    let questions =
      world.questions(.programs, count: 600) + (0..<600).map { world.trainingQuestion(.programs, $0) }
    for question in questions {
      let source = question.prompt.dropFirst("Program:\n".count).dropLast("Output:".count)
      var machine = LineMachine()
      machine.run(source.split(separator: "\n")[...])
      #expect(machine.output.joined(separator: " ") == question.answer, "\(question.prompt)")
    }
  }

  @Test("A story ends in what the facts say of its person or town")
  func storiesEndInTruth() throws {
    let world = TinyWorld(seed: 7)
    // What the question in plain words answers for a name: "Polo" has a few answers, one a relation.
    var known: [String: Set<String>] = [:]
    for question in world.questions(.facts, count: 10_000) {
      for name in world.people + world.places where question.prompt.contains(" \(name)") {
        known[name, default: []].insert(question.answer)
      }
    }
    let stories = world.questions(.stories, count: 10_000) + (0..<500).map { world.trainingQuestion(.stories, $0) }
    for story in stories {
      let ending = try #require(story.prompt.split(separator: ". ").last)
      let named = (world.people + world.places).filter { ending.contains($0) }
      #expect(named.count == 1 && known[named[0]]?.contains(story.answer) == true, "\(story)")
    }
  }
}

/// A second implementation of the small language: it reads source text line by line.
private struct LineMachine {
  var variables: [Substring: String] = [:]
  var output: [String] = []

  mutating func run(_ lines: ArraySlice<Substring>) {
    var rest = lines
    while let line = rest.popFirst() {
      if line.hasPrefix("print(") {
        output.append(value(line.dropFirst(6).dropLast()))
      } else if line.hasPrefix("for i in range(") {
        let body = block(&rest)
        for index in 0..<(Int(line.dropFirst(15).dropLast(2)) ?? 0) {
          variables["i"] = String(index)
          run(body[...])
        }
      } else if line.hasPrefix("if ") {
        let sides = line.dropFirst(3).dropLast().split(separator: ">").map { Int(value($0)) ?? 0 }
        let then = block(&rest)
        rest = rest.dropFirst()
        let otherwise = block(&rest)
        run((sides[0] > sides[1] ? then : otherwise)[...])
      } else {
        let parts = line.split(separator: "=").map { $0.filter { $0 != " " } }
        variables[Substring(parts[0])] = value(line.split(separator: "=")[1])
      }
    }
  }

  private func block(_ rest: inout ArraySlice<Substring>) -> [Substring] {
    var body: [Substring] = []
    while let line = rest.first, line.hasPrefix("  ") {
      body.append(line.dropFirst(2))
      rest = rest.dropFirst()
    }
    return body
  }

  private func value(_ expression: Substring) -> String {
    let parts = expression.split(separator: " ").map { atom($0) }
    guard parts.count == 3, let a = Int(parts[0]), let b = Int(parts[2]) else { return parts[0] }
    return String(parts[1] == "+" ? a + b : a - b)
  }

  private func atom(_ text: Substring) -> String {
    text.hasPrefix("\"") ? String(text.dropFirst().dropLast()) : variables[text] ?? String(text)
  }
}
