import Evaluation
import Formats
import Inference
import Testing

/// What the built-in tasks make of rows in the layout of their datasets; the rows are made up.
@Suite struct TaskPromptTests {
  private struct Case: CustomTestStringConvertible {
    var task: String
    var row: String
    var contexts: [String]
    var continuations: [String]
    var gold: Int
    var testDescription: String { task }
  }

  private static let kites = """
    {"id": "1", "question": "which bird hovers? ", "choices": {"label": ["A", "B", "C"], "text": ["a kestrel", \
    "A hen.", "An emu"]}, "answerKey": "A"}
    """

  private static let cases: [Case] = [
    Case(
      task: "arc_easy", row: kites, contexts: ["Question: Which bird hovers?\nAnswer:"],
      continuations: [" A kestrel", " A hen.", " An emu"], gold: 0),
    Case(
      task: "arc_easy:smollm3-letters", row: kites,
      contexts: ["Question: Which bird hovers?\n A. A kestrel\n B. A hen.\n C. An emu\nAnswer:"],
      continuations: [" A", " B", " C"], gold: 0),
    Case(
      task: "arc_challenge:lm-eval", row: kites, contexts: ["Question: which bird hovers? \nAnswer:"],
      continuations: [" a kestrel", " A hen.", " An emu"], gold: 0),
    Case(
      task: "qasc", row: kites, contexts: ["Question: Which bird hovers?\nAnswer:"],
      continuations: [" A kestrel", " A hen.", " An emu"], gold: 0),
    Case(
      task: "commonsense_qa:lm-eval",
      row: """
        {"question": " where do swifts sleep?", "choices": {"label": ["A", "B", "C", "D", "E"], "text": ["air", "sea", \
        "bed", "box", "car"]}, "answerKey": "A"}
        """,
      contexts: ["Question: where do swifts sleep?\nA. air\nB. sea\nC. bed\nD. box\nE. car\nAnswer:"],
      continuations: [" A", " B", " C", " D", " E"], gold: 0),
    Case(
      task: "hellaswag",
      row: """
        {"activity_label": "feeding birds", "ctx_a": "[header] How to feed [title] Buy seeds.", "ctx_b": "she", \
        "endings": ["opens [x] the bag.", " spills  it [title] then sweeps."], "label": "1"}
        """,
      contexts: ["Feeding birds:\nHow to feed. Buy seeds. She"],
      continuations: [" opens the bag.", " spills it. then sweeps."], gold: 1),
    Case(
      task: "hellaswag:lm-eval",
      row: """
        {"activity_label": "Feeding birds", "ctx_a": "[header] How to feed [title] Buy seeds.", "ctx_b": "she GOES", \
        "endings": ["opens [x] the bag.", " spills it [title] then sweeps."], "label": "0"}
        """,
      contexts: ["Feeding birds: How to feed. Buy seeds. She goes"],
      continuations: [" opens the bag.", " spills it. then sweeps."], gold: 0),
    Case(
      task: "winogrande",
      row: """
        {"sentence": "the hawk beat the owl since _ was fast. ", "option1": "the hawk", "option2": "the owl", \
        "answer": "1"}
        """,
      contexts: ["The hawk beat the owl since"],
      continuations: [" the hawk was fast.", " the owl was fast."], gold: 0),
    Case(
      task: "winogrande:lm-eval",
      row: #"{"sentence": "Ann beat Eve since _ was fast. ", "option1": "Ann", "option2": "Eve", "answer": "1"}"#,
      contexts: ["Ann beat Eve since Ann", "Ann beat Eve since Eve"],
      continuations: [" was fast.", " was fast."], gold: 0),
    Case(
      task: "copa",
      row: #"{"premise": "the egg fell.", "choice1": "It broke.", "choice2": "I sang.", "question": "effect", "label": 0}"#,
      contexts: ["The egg fell therefore"], continuations: [" it broke.", " i sang."], gold: 0),
    Case(
      task: "copa:lm-eval",
      row: #"{"premise": "The egg fell.", "choice1": "It slid.", "choice2": "I sang.", "question": "cause", "label": 0}"#,
      contexts: ["The egg fell because"], continuations: ["  it slid.", "  i sang."], gold: 0),
    Case(
      task: "boolq", row: #"{"question": "do swifts sleep", "answer": false, "passage": "they fly."}"#,
      contexts: ["They fly.\nQuestion: Do swifts sleep\nAnswer:"], continuations: [" Yes", " No"], gold: 1),
    Case(
      task: "boolq:lm-eval", row: #"{"question": "do swifts sleep", "answer": true, "passage": "they fly."}"#,
      contexts: ["they fly.\nQuestion: do swifts sleep?\nAnswer:"], continuations: [" no", " yes"], gold: 1),
    Case(
      task: "social_iqa:lm-eval",
      row: """
        {"context": "Tira sang.", "question": "Why?", "answerA": "joy", "answerB": "rain", "answerC": "a bet", \
        "label": "3"}
        """,
      contexts: ["Q: Tira sang. Why?\nA:"], continuations: [" joy", " rain", " a bet"], gold: 2),
    Case(
      task: "sciq",
      row: """
        {"question": "what flies?", "distractor1": "a stone", "distractor2": "mud", "distractor3": "ice", \
        "correct_answer": "a swift", "support": ""}
        """,
      contexts: ["Question: What flies?\nAnswer:"], continuations: [" A stone", " Mud", " Ice", " A swift"], gold: 3),
    Case(
      task: "winogrande:smollm3-literal",
      row: #"{"sentence": "the swift passed the crow, as the _ was fast.", "option1": "Swift", "option2": "Crow", "answer": "1"}"#,
      contexts: ["The swift passed the crow, as the"], continuations: [" swift  was fast.", " crow  was fast."], gold: 0),
    Case(
      task: "piqa:lm-eval",
      row: #"{"goal": "Feed a swift", "sol1": "give it ants", "sol2": "give it ink", "label": 0}"#,
      contexts: ["Question: Feed a swift\nAnswer:"], continuations: [" give it ants", " give it ink"], gold: 0),
    Case(
      task: "openbookqa:lm-eval",
      row: """
        {"question_stem": "Swifts eat", "choices": {"text": ["ants", "ink"], "label": ["A", "B"]}, "answerKey": "B"}
        """,
      contexts: ["Swifts eat"], continuations: [" ants", " ink"], gold: 1),
    Case(
      task: "mmlu_anatomy:lm-eval",
      row: #"{"question": " What is a wing? ", "choices": ["a", "b", "c", "d"], "answer": 2}"#,
      contexts: [
        "The following are multiple choice questions (with answers) about anatomy.\n\n"
          + "What is a wing?\nA. a\nB. b\nC. c\nD. d\nAnswer:"
      ],
      continuations: [" A", " B", " C", " D"], gold: 2),
    Case(
      task: "mmlu_pro", row: #"{"question": "what is a wing?", "options": ["a", "b"], "answer_index": 1}"#,
      contexts: ["Question: What is a wing?\nAnswer:"], continuations: [" A", " B"], gold: 1),
  ]

  /// A folder with rows as a dataset of a task.
  private static func data(_ task: EvaluationTask, _ rows: [String], _ folder: TemporaryFolder) throws -> DataRoot {
    let place = ([task.dataset.paths[0]] + task.dataset.configurations.prefix(1)).joined(separator: "/")
    try folder.file("\(place)/\(task.splits[0]).jsonl", rows.joined(separator: "\n") + "\n")
    return DataRoot(folder.path)
  }

  @Test(arguments: cases.indices) func rowsBecomeQuestions(number: Int) throws {
    let expected = Self.cases[number]
    let folder = try TemporaryFolder()
    let task = try #require(try TaskCatalog().tasks([expected.task]).first)
    let prepared = try PreparedTask(
      task, data: Self.data(task, [expected.row], folder), settings: EvaluationSettings(fewShot: 0))
    guard case .choices(let contexts, let continuations, _, let gold) = try #require(prepared.questions.first).request
    else {
      Issue.record("\(expected.task) asks for no choices")
      return
    }
    let shared = expected.contexts.count == 1
    let all = shared ? continuations.map { _ in expected.contexts[0] } : expected.contexts
    #expect(contexts == all, "\(expected.task)")
    #expect(continuations == expected.continuations && gold == expected.gold, "\(expected.task)")
  }

  @Test func freeAnswersHavePromptsAndReferences() throws {
    let rows = [
      ("gsm8k:lm-eval", #"{"question": "1+1?", "answer": "It is 2.\n#### 2"}"#, "Question: 1+1?\nAnswer:",
        "It is 2.\n#### 2"),
      ("triviaqa", #"{"question": "Who sings?", "answer": {"value": "Tira", "aliases": ["Tira", "T."]}}"#,
        "Question: Who sings?\nAnswer:", #"["Tira","T."]"#),
      ("triviaqa:lm-eval", #"{"question": "Who sings", "answer": {"value": "Tira", "aliases": ["Tira"]}}"#,
        "Question: Who sings?\nAnswer:", #"["Tira"]"#),
      ("nq_open:lm-eval", #"{"question": "who sings", "answer": ["Tira", "the swift"]}"#,
        "Answer these questions:\n\nQ: who sings?\nA:", #"["Tira","the swift"]"#),
      ("math_algebra", #"{"problem": "Find $x$.", "solution": "So $\\boxed{2}$."}"#,
        "Find $x$.\nPlease reason step by step, and put your final answer within \\boxed{}.", "So $\\boxed{2}$."),
      ("math_algebra:lm-eval", #"{"problem": "Find $x$.", "solution": "So $\\boxed{2}$."}"#,
        "Problem:\nFind $x$.\n\nSolution:", "So $\\boxed{2}$."),
      ("mbpp", #"{"text": "Add.", "code": "x", "test_list": ["a", "b", "c"]}"#,
        "You are an expert Python programmer, and here is your task: Add. Your code should pass these tests:\n\n"
          + "a\nb\nc\n[BEGIN]\n", #"["a","b","c"]"#),
      ("humaneval", #"{"prompt": "def f():\n", "test": "t", "entry_point": "f", "canonical_solution": "s"}"#,
        "def f():\n", "t"),
    ]
    for (name, row, expected, reference) in rows {
      let folder = try TemporaryFolder()
      let task = try #require(try TaskCatalog().tasks([name]).first)
      let data = try Self.data(task, [row], folder)
      let prepared = try PreparedTask(task, data: data, settings: EvaluationSettings(fewShot: 0))
      guard case .generation(let prompt, let right) = try #require(prepared.questions.first).request else {
        Issue.record("\(name) asks for no text")
        continue
      }
      #expect(prompt == expected, "\(name)")
      #expect((right.stringValue ?? right.serializedString()) == reference, "\(name)")
    }
  }

  @Test func examplesOfTriviaHaveTheirFirstAliasInPlainLetters() throws {
    let folder = try TemporaryFolder()
    let task = try #require(try TaskCatalog().tasks(["triviaqa"]).first)
    let data = try Self.data(task, [#"{"question": "Q?", "answer": {"value": "V", "aliases": ["V"]}}"#], folder)
    let example = #"{"question": "P?", "answer": {"value": "x", "aliases": ["b", "a", "The 90 %", "Zed"]}}"#
    try folder.file("\(task.dataset.paths[0])/rc.nocontext/train.jsonl", example + "\n")
    let prepared = try PreparedTask(task, data: data, settings: EvaluationSettings(fewShot: 1))
    guard case .generation(let prompt, _) = prepared.questions[0].request else { return }
    #expect(prompt == "Question: P?\nAnswer: the 90\n\nQuestion: Q?\nAnswer:")
  }

  @Test func examplesOfMathEndInTheirAnswer() throws {
    let folder = try TemporaryFolder()
    let task = try #require(try TaskCatalog().tasks(["math_geometry:lm-eval"]).first)
    let data = try Self.data(task, [#"{"problem": "P?", "solution": "S"}"#], folder)
    let example = #"{"problem": "Half?", "solution": "It is $\\boxed{\\frac{1}{2}}$ at last."}"#
    try folder.file("\(task.dataset.paths[0])/geometry/train.jsonl", example + "\n")
    let prepared = try PreparedTask(task, data: data, settings: EvaluationSettings(fewShot: 1))
    guard case .generation(let prompt, _) = prepared.questions[0].request else { return }
    #expect(
      prompt == "Problem:\nHalf?\n\nSolution: It is $\\boxed{\\frac{1}{2}}$ at last.\nFinal Answer: The final answer "
        + "is $\\frac{1}{2}$. I hope it is correct.\n\nProblem:\nP?\n\nSolution:")
    // A split of prompts goes before the training split, and what has its ending gets no second one.
    let ended = #"{"problem": "Third?", "solution": "So.\nFinal Answer: The final answer is $3$. I hope it is correct."}"#
    try folder.file("\(task.dataset.paths[0])/geometry/prompt.jsonl", ended + "\n")
    let again = try PreparedTask(task, data: data, settings: EvaluationSettings(fewShot: 1))
    guard case .generation(let second, _) = again.questions[0].request else { return }
    #expect(
      second == "Problem:\nThird?\n\nSolution: So.\nFinal Answer: The final answer is $3$. I hope it is correct."
        + "\n\nProblem:\nP?\n\nSolution:")
  }

  @Test func rowsThatDoNotFitAreNamed() throws {
    let folder = try TemporaryFolder()
    let task = try #require(try TaskCatalog().tasks(["arc_easy"]).first)
    func refusal(_ row: String) -> String {
      sentence { _ = try PreparedTask(task, data: Self.data(task, [Self.kites, row], folder), settings: .init()) }
    }
    #expect(refusal(Self.kites.replacing("\"A\"}", with: "\"Z\"}")).contains("arc_easy, row 1"))
    #expect(refusal("{\"question\": \"a\"}").contains("arc_easy, row 1"))
    #expect(refusal("{\"question\": \"a\"").contains("line 2"))
    #expect(refusal("[1]").contains("object"))
  }
}
