public import Formats
import Foundation

/// Judges responses to the requests of `PromptSuite` by their checks.
///
/// `strict`: 1 where every check passes and the response is clean; `checks`: the share of checks that pass; `clean`: 1
/// where there is no other speaker, no mark of a template and no line said three times in a row. Programs run in a
/// `PythonSandbox`. Options: `timeout` (5 seconds a program), `unsafe`.
public struct PromptSuiteScorer: AnswerScorer {
  /// `strict`, `checks` and `clean`.
  public var metrics: [String] { ["strict", "checks", "clean"] }

  private let sandbox: PythonSandbox

  /// A scorer from a task's options.
  /// - Throws: a sentence naming an option that is unknown or wrong, or what the machine lacks to run programs.
  public init(options: JSON) throws {
    let options = try ScorerOptions(options, of: "prompt_suite")
    let limits = Sandbox.Limits(seconds: try options.number("timeout", in: 0.1...3600) ?? 5)
    sandbox = try PythonSandbox(limits: limits, allowsMissingProtections: options.flag("unsafe") ?? false)
    try options.finish()
  }

  /// Judges each response; `note` names the checks that failed.
  public func scores(question: JSON, reference: JSON, completions: [String]) throws -> [AnswerScore] {
    let place = "prompt \(question["id"]?.stringValue ?? "without id")"
    let checks = try ["format", "content"].flatMap { question[$0]?.arrayValue ?? [] }.map {
      try PromptCheck($0, place: place)
    }
    guard !checks.isEmpty else { throw EvaluationError(place, "has no checks under \"format\" or \"content\"") }
    return try completions.map { completion in
      let response = PythonText.strip(completion)
      var failed = try checks.filter { try !$0.isPassed(response, sandbox) }.map(\.kind)
      let share = 1 - Double(failed.count) / Double(checks.count)
      let isClean = Self.isClean(response)
      if !isClean { failed.append("clean") }
      return AnswerScore(
        values: ["strict": failed.isEmpty ? 1 : 0, "checks": share, "clean": isClean ? 1 : 0],
        note: failed.isEmpty ? nil : "fails " + failed.joined(separator: ", "))
    }
  }

  private static func isClean(_ response: String) -> Bool {
    if marks?.isFound(in: response) == true { return false }
    let lines = response.split(whereSeparator: \.isNewline)
    return !lines.indices.dropLast(2).contains { lines[$0] == lines[$0 + 1] && lines[$0] == lines[$0 + 2] }
  }

  private static let marks = try? TextPattern(
    #"<\|[^|>\n]{0,40}\|>|</?s>|\[/?INST\]|<(?:start|end)_of_turn>"#
      + #"|(?m)^\s*#{0,3}\s*(?:User|Assistant|System|Human|Question|Instruction|Response)\s*:"#)
}
