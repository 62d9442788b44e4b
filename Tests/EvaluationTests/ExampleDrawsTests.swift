import Evaluation
import Formats
import Foundation
import Testing

/// Examples are those that other harnesses draw (scripts/golden/few_shot_draws.py).
@Suite struct ExampleDrawsTests {
  private static func task(_ rule: String, split: String = "test") throws -> EvaluationTask {
    let yaml = """
      task: draws
      dataset: {path: owner/draws}
      split: \(split)
      formulation: generation
      prompt: "{{ row.number }}"
      target: "{{ answer }}"
      delimiter: "="
      few_shot: {count: 3, split: train, selection: \(rule), separator: "|"}
      variants:
        plain: {scorer: {name: exact_match}}
      """
    return try #require(try TaskFile(yaml, place: "draws.yaml").tasks(variant: "plain").first)
  }

  /// The prompts of `asked` questions after examples from `pool` rows.
  private static func prompts(
    _ task: EvaluationTask, pool: Int, asked: Int, _ settings: EvaluationSettings
  ) throws -> [String] {
    let folder = try TemporaryFolder()
    func rows(_ count: Int) -> String {
      (0..<count).map { #"{"number": \#($0), "answer": "\#($0 == 7 ? "b" : "a\($0 % 5)")"}"# }.joined(separator: "\n")
    }
    try folder.file("owner/draws/train.jsonl", rows(pool))
    if asked > 0 { try folder.file("owner/draws/\(task.splits[0]).jsonl", rows(asked)) }
    return try PreparedTask(task, data: DataRoot(folder.path), settings: settings).questions.map { question in
      guard case .generation(let prompt, _) = question.request else { return "" }
      return prompt
    }
  }

  private static func examples(_ prompt: String) -> [Int] {
    prompt.split(separator: "|").dropLast().compactMap { $0.split(separator: "=").first.flatMap { Int($0) } }
  }

  @Test func rowsAreThoseOfTheHarnesses() throws {
    let file = try #require(
      Bundle.module.url(forResource: "few_shot_draws", withExtension: "json", subdirectory: "Golden"))
    let cases = try #require(try JSON.parse(contentsOfFile: file.path).arrayValue)
    #expect(cases.count == 24)
    for entry in cases {
      let rule = try #require(entry["rule"]?.stringValue)
      func number(_ key: String) throws -> Int { try #require(entry[key]?.intValue) }
      let settings = EvaluationSettings(seed: UInt64(try number("seed")), fewShot: try number("count"))
      let named = rule.replacing("_validation", with: "")
      let prompts = try Self.prompts(
        Self.task(named, split: named == rule ? "test" : "validation"), pool: number("pool"), asked: number("asked"),
        settings)
      let expected = try #require(entry["examples"]?.arrayValue).map { ($0.arrayValue ?? []).compactMap(\.intValue) }
      #expect(prompts.map(Self.examples) == expected, "\(rule), \(settings.seed)")
    }
  }

  @Test(arguments: ["first", "random", "random_each", "lm_eval", "lighteval", "lighteval_balanced"])
  func noQuestionIsItsOwnExample(rule: String) throws {
    let task = try Self.task(rule, split: "train")
    let prompts = try Self.prompts(task, pool: 9, asked: 0, EvaluationSettings())
    #expect(prompts.count == 9)
    for (number, prompt) in prompts.enumerated() {
      let own = Self.examples(prompt)
      #expect(own.count == 3 && Set(own).count == 3 && !own.contains(number), "\(rule): \(prompt)")
    }
  }

  @Test func aRowThatIsTheQuestionIsPassedOver() throws {
    // Rows of both splits are the same here, as number and answer are.
    let prompts = try Self.prompts(
      Self.task("lm_eval", split: "validation"), pool: 6, asked: 6, EvaluationSettings(fewShot: 4))
    for (number, prompt) in prompts.enumerated() {
      #expect(Self.examples(prompt).count == 4 && !Self.examples(prompt).contains(number))
    }
  }

  @Test func limitsDoNotChangeWhatStandsBeforeAQuestion() throws {
    for rule in ["lm_eval", "lighteval"] {
      let task = try Self.task(rule)
      let all = try Self.prompts(task, pool: 50, asked: 20, EvaluationSettings(fewShot: 2))
      let few = try Self.prompts(task, pool: 50, asked: 20, EvaluationSettings(limit: 6, fewShot: 2))
      let drawn = try Self.prompts(task, pool: 50, asked: 20, EvaluationSettings(limit: 6, shuffle: true, fewShot: 2))
      #expect(few == Array(all.prefix(6)) && drawn.count == 6 && drawn.allSatisfy(all.contains) && drawn != few)
    }
    // Python's random.Random(42).shuffle(list(range(20))) begins with these.
    let questions = try Self.prompts(
      Self.task("first"), pool: 1, asked: 20, EvaluationSettings(limit: 4, shuffle: true, fewShot: 0))
    #expect(questions == ["4", "5", "14", "19"])
  }

  @Test func aVariantNamesOnlyWhatDiffers() throws {
    let file = try TaskFile(
      """
      task: draws
      dataset: {path: owner/draws}
      formulation: generation
      prompt: "{{ row.number }}"
      target: "{{ answer }}"
      scorer: {name: exact_match}
      few_shot: {count: 2, split: train, selection: first, separator: "|"}
      variants:
        plain: {}
        other: {few_shot: {selection: lm_eval}}
      """, place: "draws.yaml")
    let other = try #require(try file.tasks(variant: "other").first).fewShot
    #expect(other.count == 2 && other.selection == .harness && other.separator == "|")
    #expect(try #require(try file.tasks(variant: "plain").first).fewShot.selection == .first)
  }
}
