import Evaluation
import Formats
import Testing

struct GSM8KScorerTests {
  private func values(_ completions: String..., reference: String = "2 * 9 = 18 eggs\n#### 1,018") throws -> [[Double?]]
  {
    let scorer = try GSM8KScorer(options: .null)
    return try scorer.scores(question: .null, reference: .string(reference), completions: completions).map { score in
      scorer.metrics.map { score.values[$0] }
    }
  }

  @Test func strictWantsTheMarksAndFlexibleTheLastNumber() throws {
    let values = try values(
      "So 1,000 + 18.\n#### 1,018", "#### 1018.", "The answer is $1,018.", "#### 1018\nQuestion: 3 + 4 = 7",
      "#### 5, no: 1018",
      "####1018", "#### about 1018", "nothing", "")
    #expect(values == [[1, 1], [1, 1], [0, 1], [1, 0], [0, 1], [0, 1], [0, 1], [0, 0], [0, 0]])
  }

  @Test func signsDollarsAndPointsAreReadAsTheHarnessReadsThem() throws {
    // "-$5" has its sign outside of the digits and dollar signs that make a number, but is one; "5-3" ends in "-3".
    let values = try values("-$5", "5-3", "- 5", "5 $.", reference: "#### -5")
    #expect(values == [[0, 1], [0, 0], [0, 0], [0, 0]])
  }

  @Test func majorityVotesSeeOneSpellingOfANumber() throws {
    let scores = try GSM8KScorer(options: .null).scores(
      question: .null, reference: "#### 1018", completions: ["$1,018.", "#### 1018", "none"])
    #expect(scores.map(\.answer) == ["1018", "1018", nil])
  }

  @Test func lightevalPrefersBoxesThenAnnouncementsThenTheLastNumber() throws {
    let scorer = try GSM8KScorer(options: ["style": "lighteval"])
    let completions = [
      "\\boxed{18} and 19", "\\boxed{\\frac{36}{2}}", "The final answer is 18. I hope it is correct 4 times.",
      "Answer: 18 or so, 7 more", "It takes 18", "1 + 17 = 18.0", "It takes 181", "XY18", "no",
    ]
    let scores = try scorer.scores(question: .null, reference: "#### 18", completions: completions)
    #expect(scores.map { $0.values["extractive_match"] } == [1, 1, 1, 1, 1, 1, 0, 0, 0])
    #expect(scores.last?.note == "no number")
  }

  @Test func aReferenceWithoutNumberIsNamed() throws {
    #expect(
      sentence {
        _ = try GSM8KScorer(options: .null).scores(question: .null, reference: .bool(true), completions: [""])
      }.contains("is a boolean, not a solution"))
    #expect(sentence { _ = try GSM8KScorer(options: ["style": "x"]) }.contains("must be one of lm_eval, lighteval"))
  }
}
