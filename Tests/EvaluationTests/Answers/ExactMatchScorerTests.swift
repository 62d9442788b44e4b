import Evaluation
import Formats
import Testing

struct ExactMatchScorerTests {
  private func values(_ options: JSON, _ reference: JSON, _ completions: String...) throws -> [Double?] {
    let scorer = try ExactMatchScorer(options: options)
    return try scorer.scores(question: .null, reference: reference, completions: completions).map {
      $0.values[scorer.metrics[0]]
    }
  }

  @Test func aliasesAreComparedAsTriviaQADoes() throws {
    let options: JSON = ["ignore_case": true, "ignore_punctuation": true]
    let values = try values(
      options, ["Sunset Blvd.", "Sunset Boulevard"], " sunset blvd\n", "SUNSET BOULEVARD!", "the Sunset Boulevard", "")
    #expect(values == [1, 1, 0, 0])
  }

  @Test func longerFormsAreLeftOutOnRequest() throws {
    let answers: JSON = ["Tira the Swift", "T.", "Tira", "the Tira"]
    let completions = ("Tira", "Tira the Swift", "the Tira", "T.")
    func verdicts(_ options: JSON) throws -> [Double?] {
      try values(options, answers, completions.0, completions.1, completions.2, completions.3)
    }
    #expect(try verdicts(["shortest_forms": true]) == [1, 0, 1, 1])
    #expect(try verdicts(.null) == [1, 1, 1, 1])
  }

  @Test func plainMatchIsExactToTheScalar() throws {
    #expect(try values(.null, "caf\u{E9}", "caf\u{E9}", "cafe\u{301}", "Caf\u{E9}", " caf\u{E9} ") == [1, 0, 0, 1])
    #expect(try values(["strip": false], "a", " a") == [0])
    #expect(try values(.null, 42, "42", "42.0") == [1, 0])
  }

  @Test func quasiExactIgnoresArticlesPunctuationAndForms() throws {
    let values = try values(
      ["quasi": true], "The Red-Haired  man, 7", "red haired man 07", "a red haired man 7", "red haired men 7",
      "an AN the")
    #expect(values == [1, 1, 0, 0])
  }

  @Test func patternsNumbersAndEndsAreOptions() throws {
    #expect(try values(["ignore": [#"\b(?:The |the )"#]], "The hill", "hill", "the hill", "a hill") == [1, 1, 0])
    #expect(try values(["ignore_numbers": true], "a1b", "ab2", "b") == [1, 0])
    #expect(try values(["match": "prefix"], "yes", "yes, they are", "oh yes") == [1, 0])
    #expect(try values(["match": "suffix"], "yes", "yes, they are", "oh yes") == [0, 1])
    #expect(sentence { _ = try ExactMatchScorer(options: ["ignore": ["("]]) } == "\"(\" is not a regular expression")
    #expect(sentence { _ = try values(.null, ["a", true], "a") }.contains("neither a text nor a list"))
  }
}
