import Evaluation
import Formats
import Testing

struct StoredCompletionsTests {
  @Test func linesOfOneQuestionComeTogetherAndAreAggregated() throws {
    let folder = try TemporaryFolder()
    let questions = try folder.file(
      "q.jsonl", "{\"id\": 7, \"answer\": \"#### 4\"}\n\n{\"id\": 8, \"answer\": \"#### 5\"}\n")
    let given = try folder.file(
      "c.jsonl",
      """
      {"id": 8, "completion": "#### 5"}
      {"id": 7, "completions": ["#### 4", "#### 3", "#### 3"]}
      {"id": 8, "completions": ["#### 5", "#### 1"]}
      """)
    let stored = try StoredCompletions(given, questions: questions)
    #expect(stored.items.map(\.id) == ["7", "8"])
    let benchmark = try ScorerCatalog.forBenchmark("gsm8k")
    let result = try stored.scored(by: benchmark.scorer, reference: benchmark.reference)
    let mean = result.mean("strict_match")
    #expect(abs(mean.value - 0.5) < 1e-12)
    // Means 1/3 and 2/3: a standard deviation of √(1/18), over √2.
    #expect(abs((mean.standardError ?? 0) - 1.0 / 6) < 1e-12)
    #expect(abs((result.pass("strict_match", k: 2)?.value ?? 0) - (2.0 / 3 + 1) / 2) < 1e-12)
    #expect(result.pass("strict_match", k: 4) == nil)
    #expect(result.majority("strict_match").value == 0.5)
  }

  @Test func damagedLinesAreNamed() throws {
    let folder = try TemporaryFolder()
    let questions = try folder.file("q.jsonl", "{\"id\": 1}\n{\"id\": 2}\n")
    let twice = try folder.file("twice.jsonl", "{\"id\": 1}\n{\"id\": 1}\n")
    func said(_ text: String, questions: String?) throws -> String {
      let path = try folder.file("c.jsonl", text)
      return sentence { _ = try StoredCompletions(path, questions: questions) }
    }
    #expect(
      try said("{\"id\": 3, \"completion\": \"\"}", questions: questions).contains("line 1, is for the question \"3\""))
    #expect(
      try said("{\"id\": 1, \"completion\": \"\"}\n{\"completion\": \"\"}", questions: questions).contains(
        "line 2, has no \"id\""))
    #expect(try said("{\"id\": 1, \"completions\": [1]}", questions: questions).contains("neither a text under"))
    #expect(try said("[1]", questions: nil).contains("line 1, is an array"))
    #expect(try said("", questions: nil).contains("has no lines"))
    #expect(try said("{\"id\": 1, \"completion\": \"\"}", questions: twice).contains("\"1\" for the second time"))
    let path = try folder.file("c.jsonl", "{\"completion\": \"5\"}")
    let benchmark = try ScorerCatalog.forBenchmark("gsm8k")
    #expect(
      sentence { _ = try StoredCompletions(path).scored(by: benchmark.scorer, reference: benchmark.reference) }
        == "the question \"0\" has no reference under \"answer\"")
  }
}
