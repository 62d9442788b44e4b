public import Formats

/// Runs what a model wrote against a question's tests, in a `PythonSandbox`.
///
/// Options: `style` (`humaneval`, the default, or `mbpp`), `timeout` in seconds (3), `memory_mb` (2048), `interpreter`,
/// and `unsafe: true`, which runs even where the kernel lacks a protection. HumanEval (arXiv:2107.03374): prompt and
/// completion make the program, then `test` and `check(entry_point)`. MBPP (arXiv:2108.07732): the completion is the
/// program; `test_setup_code`, which may use it, and `test_list` follow, or the reference where there is no list.
public struct PythonScorer: AnswerScorer {
  /// How a question's parts make a program.
  public enum Style: String, Sendable, CaseIterable { case humaneval, mbpp }

  /// `pass`: 1 where all tests passed.
  public var metrics: [String] { ["pass"] }

  private let style: Style
  private let sandbox: PythonSandbox

  /// A scorer from a task's options.
  /// - Throws: a sentence naming an option that is unknown or wrong, or what the machine lacks.
  public init(options: JSON) throws {
    let options = try ScorerOptions(options, of: "python")
    style = try options.choice("style", among: Style.allCases) ?? .humaneval
    var limits = Sandbox.Limits(seconds: try options.number("timeout", in: 0.1...3600) ?? 3)
    limits.memoryBytes = Int(try options.number("memory_mb", in: 64...1_048_576) ?? 2048) << 20
    sandbox = try PythonSandbox(
      interpreter: options.text("interpreter"), limits: limits,
      allowsMissingProtections: options.flag("unsafe") ?? false)
    try options.finish()
  }

  /// Runs each completion; equal ones once.
  public func scores(question: JSON, reference: JSON, completions: [String]) throws -> [AnswerScore] {
    var known: [String: AnswerScore] = [:]
    let distinct = completions.filter { known.updateValue(AnswerScore(values: [:]), forKey: $0) == nil }
    let programs = try distinct.map { try program($0, question, reference) }
    let outcomes = parallelMap(count: programs.count, threads: programs.count) { i in
      Result { try sandbox.run(programs[i]) }
    }
    for (completion, outcome) in zip(distinct, outcomes) {
      let outcome = try outcome.get()
      known[completion] = AnswerScore(values: ["pass": outcome.isFinished ? 1 : 0], note: outcome.problem)
    }
    return completions.compactMap { known[$0] }
  }

  private func program(_ completion: String, _ question: JSON, _ reference: JSON) throws -> String {
    func text(_ key: String) throws -> String {
      guard let text = question[key]?.stringValue else {
        throw ScorerError("a question for \"python\" in the style \(style.rawValue) has no text under \"\(key)\"")
      }
      return text
    }
    switch style {
    case .humaneval:
      return try text("prompt") + completion + "\n" + text("test") + "\ncheck(\(text("entry_point")))\n"
    case .mbpp:
      let tests = question["test_list"]?.arrayValue?.compactMap(\.stringValue) ?? reference.stringValue.map { [$0] }
      guard let tests, !tests.isEmpty else {
        throw ScorerError("a question for \"python\" in the style mbpp has no tests under \"test_list\"")
      }
      let setup = question["test_setup_code"]?.stringValue ?? ""
      return ([completion, setup] + tests).joined(separator: "\n") + "\n"
    }
  }
}
