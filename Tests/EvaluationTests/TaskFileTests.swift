import Evaluation
import Formats
import Testing

/// Task files say what is asked; what they say wrongly is named.
@Suite struct TaskFileTests {
  private static let good = """
    task: birds
    summary: Which bird?
    dataset: {path: owner/birds, name: small}
    split: [test, validation]
    version: 2
    answer: "{{ label }}"
    few_shot: {count: 1, split: validation, selection: first}
    variants:
      plain:
        formulation: cloze
        prompt: "Question: {{ question }}\\nAnswer:"
        choices: "{{ names }}"
        metrics: [acc, acc_norm]
      letters:
        formulation: letters
        prompt: "{{ question }}\\n{% for n in names %}{{ letters[loop.index0] }}. {{ capital(n) }}\\n{% endfor %}Answer:"
        choices: "{{ letters[:names | length] | list }}"
    """

  @Test func variantsTakeThePlaceOfSharedKeys() throws {
    let file = try TaskFile(Self.good, place: "birds.yaml")
    #expect(file.name == "birds" && file.variants == ["plain", "letters"] && file.subsets.isEmpty)
    let plain = try #require(try file.tasks(variant: "plain").first)
    #expect(plain.version == 2 && plain.formulation == .cloze && plain.splits == ["test", "validation"])
    #expect(plain.dataset.name == "owner/birds/small" && plain.delimiter == " " && plain.fewShot.count == 1)
    let letters = try #require(try file.tasks(variant: "letters").first)
    #expect(letters.hash != plain.hash && letters.hash.count == 64)
    #expect(sentence { _ = try file.tasks(variant: "other") }.contains("plain and letters"))
  }

  @Test func subsetsBecomeTasks() throws {
    let yaml = Self.good.replacing("name: small", with: "name: \"{subset}\"")
      .replacing("version: 2", with: "version: 2\nsubsets: [day, late_night]\ninstruction: \"About {subset}.\"")
    let tasks = try TaskFile(yaml, place: "birds.yaml").tasks(variant: "plain")
    #expect(tasks.map(\.name) == ["birds_day", "birds_late_night"] && tasks.allSatisfy { $0.family == "birds" })
    #expect(tasks[1].dataset.configurations == ["late_night"] && tasks[1].instruction == "About late night.")
    #expect(tasks[0].hash != tasks[1].hash)
  }

  @Test(arguments: [
    ("version: 2", "version: two", "version"), ("split: [test", "splitt: [test", "split"),
    ("formulation: cloze", "formulation: close", "cloze, letters"), ("{{ question }}", "{{ question ", "template"),
    ("metrics: [acc, acc_norm]", "metrics: [accuracy]", "accuracy"), ("version: 2", "version: 2\nversion: 3", "YAML"),
    ("path: owner/birds", "nothing: 1", "nothing"), ("selection: first", "selection: best", "random_each"),
    ("choices: \"{{ names }}\"", "choices: 3", "choices"), ("count: 1", "count: -1", "count"),
    ("task: birds", "summary2: x", "summary2"), ("task: birds", "- a", "YAML"),
    ("answer: \"{{ label }}\"", "", "answer"), ("metrics: [acc, acc_norm]", "continuation: x", "prompt"),
  ]) func mistakesAreNamed(from: String, to: String, expected: String) {
    let refusal = sentence { _ = try TaskFile(Self.good.replacing(from, with: to), place: "birds.yaml") }
    #expect(refusal.contains("birds.yaml") && refusal.contains(expected), "\(refusal)")
  }

  @Test func aliasesDoNotMakeASmallFileHuge() {
    var yaml = "task: x\na: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    for (name, before) in zip("bcdefghij", "abcdefghi") {
      yaml += "\(name): &\(name) [" + Array(repeating: "*\(before)", count: 10).joined(separator: ", ") + "]\n"
    }
    #expect(sentence { _ = try TaskFile(yaml, place: "bomb.yaml") }.contains("bomb.yaml"))
  }

  @Test func allBuiltInTasksAreThere() throws {
    let catalog = try TaskCatalog()
    let names = Set(catalog.files.map(\.name))
    #expect(
      names.isSuperset(of: [
        "mmlu", "mmlu_pro", "arc_easy", "arc_challenge", "hellaswag", "winogrande", "commonsense_qa", "openbookqa",
        "piqa", "social_iqa", "sciq", "qasc", "copa", "boolq", "triviaqa", "gsm8k", "math", "humaneval", "mbpp",
        "perplexity_web", "perplexity_code", "perplexity_math",
      ]))
    for file in catalog.files where file.name != "mmlu_pro" && file.name != "prompt_suite" {
      #expect(file.variants.contains("smollm3") && file.variants.contains("lm-eval"), "\(file.name)")
    }
    #expect(try catalog.tasks(["mmlu"]).count == 57)
    #expect(try catalog.tasks(["mmlu_anatomy:lm-eval"]).map(\.variant) == ["lm-eval"])
    #expect(try catalog.tasks(["arc", "arc_easy", "piqa"]).map(\.name) == ["arc_challenge", "arc_easy", "piqa"])
    let refusal = sentence { _ = try catalog.tasks(["helaswag"]) }
    #expect(refusal.contains("hellaswag"), "\(refusal)")
    #expect(try catalog.tasks(["all"]).count > 70)
    let list = TaskList(catalog)
    #expect(list.text.contains("winogrande") && list.json.arrayValue?.count == catalog.files.count)
  }
}
