import Evaluation
import Formats
import Testing

struct MathScorerTests {
  private func isRight(_ completion: String, _ reference: String, style: String) throws -> Bool {
    let scorer = try MathScorer(options: ["style": .string(style)])
    let scores = try scorer.scores(question: .null, reference: .string(reference), completions: [completion])
    return scores[0].values[scorer.metrics[0]] == 1
  }

  @Test(arguments: [
    ("$\\dfrac12$", "\\boxed{\\frac{1}{2}}", true), ("$0.5$", "\\frac{1}{2}", true), ("$.5$", "0.5", true),
    ("so $1$ and $3/4$", "\\frac{3}{4}", false), ("$3/4$", "\\frac{3}{4}", true), ("$x = 7$", "7", true),
    ("$\\sqrt3$", "\\sqrt{3}", true), ("$12\\text{ cm}$", "12", true), ("$45^\\circ$", "45", true),
    ("$\\left(1, 2\\right)$", "(1,2)", true), ("$50\\%$", "50", true), ("$1/x$", "1/x", true),
    ("$1/x$", "1 / x", false),
    ("$\\frac$", "1", false), ("$-1/2$", "-\\frac{1}{2}", false), ("", "1", false), ("7", "7", true),
  ])
  func hendrycksComparesTexts(completion: String, reference: String, expected: Bool) throws {
    #expect(try isRight(completion, reference, style: "hendrycks") == expected)
  }

  @Test(arguments: [
    ("$\\frac{1}{2}$", "\\boxed{0.5}", true), ("$2^{10}$", "1024", true), ("$(x+1)^2$", "x^2+2x+1", true),
    ("$(x+1)^2$", "x^2+2x+2", false), ("$\\sqrt{8}$", "2\\sqrt{2}", true), ("$\\sqrt[3]{27}$", "3", true),
    ("$2\\pi cm$", "2\\pi", true), ("$10{,}000$", "10000", true), ("$1,2$", "12", false), ("$x=5$", "5", true),
    ("$\\text{blue}$", "blue", true), ("$30\\frac$", "30", false), ("$.-2$", "-2", false), ("$y^2$", "x^2", false),
    ("$\\left(3\\right)$", "3", true), ("$1/2x$", "\\frac{1}{2x}", true), ("$5\\cdot 10^{-3}$", "0.005", true),
  ])
  func minervaComparesFormulas(answer: String, reference: String, expected: Bool) throws {
    let completion = "Work.\nFinal Answer: The final answer is \(answer). I hope it is correct."
    #expect(try isRight(completion, reference, style: "minerva") == expected, "\(answer)")
  }

  @Test func minervaWantsItsSentence() throws {
    #expect(try !isRight("The answer is $5$.", "5", style: "minerva"))
  }

  @Test func boxesAreFoundWithTheirBracesAndListsAreCompared() throws {
    #expect(try isRight("\\boxed{1}, no: $\\boxed{\\frac{1}{2}}$", "0.5", style: "boxed"))
    #expect(try isRight("$\\boxed{(0.5, \\sqrt4)}$", "\\left( \\frac{1}{2}, 2 \\right)", style: "boxed"))
    #expect(try !isRight("$\\boxed{[1,2)}$", "(1,2)", style: "boxed"))
    #expect(try isRight("Thus the answer is 42.", "42", style: "boxed"))
    #expect(try !isRight("\\boxed{1", "1", style: "boxed"))
  }

  @Test func whatCannotBeDecidedIsSaid() throws {
    let scores = try MathScorer(options: .null).scores(
      question: .null, reference: "\\sin x", completions: ["\\boxed{\\sin(x)}", "\\boxed{\\sin x}"])
    #expect(scores[0].values == ["extractive_match": 0])
    #expect(scores[0].note?.hasPrefix("not decided: ") == true)
    #expect(scores[1].values == ["extractive_match": 1])
  }

  @Test func hostileFormulasEnd() throws {
    for text in [
      String(repeating: "(", count: 100_000), String(repeating: "-", count: 100_000),
      String(repeating: "{1", count: 5000),
      String(repeating: "\\frac", count: 20_000), "9^{9^{9^{9}}}", String(repeating: "x^", count: 50_000),
    ] {
      for style in ["hendrycks", "minerva", "boxed"] {
        let completion = "$\\boxed{\(text)}$. Final Answer: The final answer is $\(text)$. I hope it is correct."
        #expect(try !isRight(completion, "1", style: style))
      }
    }
  }
}
