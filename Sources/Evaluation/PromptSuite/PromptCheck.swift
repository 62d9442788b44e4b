import Formats
import Foundation

/// One thing that must hold of a response, written `{kind: argument}`.
///
/// Texts: `equals` (one of them, exactly), `says` (the same but for case and punctuation around it), `contains` (one of
/// them), `contains_all`, `lacks` (none of them), all but the first without regard to case; `names` (a `count` of the
/// texts `of`), `starts_with`, `ends_with`, `matches` and `lacks_pattern` (regular expressions). Counts: `max_words`,
/// `min_words`, `sentences`, `lines`, `list_items`, `numbered_items`. Values: `number` (the last one), `json_keys`,
/// `json_length`, `json_equals`, `json_values`, `csv`. Others: `case`, `script`, `refuses`, and `code`, which runs the
/// response with the lines `then` behind it and compares what it prints.
struct PromptCheck: Sendable {
  let kind: String
  private let holds: @Sendable (_ response: String, _ sandbox: PythonSandbox) throws -> Bool

  /// Whether a response, without white space at its ends, passes.
  /// - Throws: `SandboxError` when a program cannot be started.
  func isPassed(_ response: String, _ sandbox: PythonSandbox) throws -> Bool { try holds(response, sandbox) }

  /// - Throws: `EvaluationError` for an unknown kind or an argument that it does not take.
  init(_ json: JSON, place: String) throws {
    guard let members = json.objectValue, members.count == 1, let (kind, argument) = members.elements.first else {
      throw EvaluationError(place, "has a check that is not of the form {kind: argument}")
    }
    self.kind = kind
    guard let test = try Self.test(kind, argument, place) else {
      throw EvaluationError(
        place, "has the check \"\(kind)\" with \(argument.serializedString()), which it does not take")
    }
    holds = test
  }

  private typealias Test = @Sendable (String, PythonSandbox) throws -> Bool

  /// A test with an argument of the right kind; nil where it is missing.
  private static func when<Value: Sendable>(
    _ value: Value?, _ test: @escaping @Sendable (Value, String) -> Bool
  ) -> Test? {
    guard let value else { return nil }
    return { response, _ in test(value, response) }
  }

  private static func test(_ kind: String, _ argument: JSON, _ place: String) throws -> Test? {
    let texts = (argument.arrayValue ?? [argument]).compactMap(\.stringValue)
    let folded = texts.map { $0.lowercased() }
    let text = argument.stringValue
    let count = argument.intValue
    switch kind {
    case "equals" where !texts.isEmpty: return { response, _ in texts.contains(response) }
    case "says" where !texts.isEmpty: return { response, _ in folded.contains(bare(response)) }
    case "contains" where !texts.isEmpty:
      return { response, _ in folded.contains { response.lowercased().contains($0) } }
    case "contains_all" where !texts.isEmpty:
      return { response, _ in folded.allSatisfy { response.lowercased().contains($0) } }
    case "lacks" where !texts.isEmpty:
      return { response, _ in !folded.contains { response.lowercased().contains($0) } }
    case "starts_with": return when(text) { text, response in response.hasPrefix(text) }
    case "ends_with": return when(text) { text, response in response.hasSuffix(text) }
    case "matches":
      guard let pattern = try text.map(TextPattern.init) else { return nil }
      return { response, _ in pattern.isFound(in: response) }
    case "lacks_pattern":
      guard let pattern = try text.map(TextPattern.init) else { return nil }
      return { response, _ in !pattern.isFound(in: response) }
    case "max_words": return when(count) { count, response in words(response) <= count }
    case "min_words": return when(count) { count, response in words(response) >= count }
    case "sentences": return when(count) { count, response in sentences(response) == count }
    case "lines": return when(count) { count, response in lines(response).count == count }
    case "list_items":
      return when(count) { count, response in lines(response).count { $0.hasPrefix("- ") } == count }
    case "numbered_items": return when(count) { count, response in isNumbered(response, to: count) }
    case "number":
      return when(argument.doubleValue) { number, response in
        AnswerExtraction.lastNumber(in: bare(response)).flatMap(Double.init) == number
      }
    case "case" where text == "upper":
      return { response, _ in response == response.uppercased() && response != response.lowercased() }
    case "case" where text == "lower":
      return { response, _ in response == response.lowercased() && response != response.uppercased() }
    case "script":
      guard let script = try text.map({ try TextPattern("\\A[\\p{\($0)}\\p{P}\\p{Z}\\p{N}\\s]+\\z") }) else {
        return nil
      }
      return { response, _ in script.isFound(in: response) }
    case "refuses": return when(argument.boolValue) { wanted, response in isRefusal(response) == wanted }
    default: return try structured(kind, argument, place)
    }
  }

  private static func structured(_ kind: String, _ argument: JSON, _ place: String) throws -> Test? {
    switch kind {
    case "names":
      guard let needed = argument["count"]?.intValue,
        let of = argument["of"]?.arrayValue?.compactMap({ $0.stringValue?.lowercased() }), !of.isEmpty
      else { return nil }
      return { response, _ in of.count { response.lowercased().contains($0) } >= needed }
    case "json_keys":
      guard let keys = argument.arrayValue?.compactMap(\.stringValue) else { return nil }
      return { response, _ in value(response)?.objectValue.map { Set($0.keys) == Set(keys) } ?? false }
    case "json_length":
      return when(argument.intValue) { count, response in value(response)?.arrayValue?.count == count }
    case "json_equals": return { response, _ in value(fenced(response)).map { isSame($0, argument) } ?? false }
    case "json_values":
      guard let wanted = argument.objectValue else { return nil }
      return { response, _ in
        guard let given = value(fenced(response)) else { return false }
        return wanted.allSatisfy { key, value in given[key].map { isSame($0, value) } ?? false }
      }
    case "csv":
      guard let rows = argument["rows"]?.intValue, let columns = argument["columns"]?.intValue else { return nil }
      return { response, _ in
        let lines = lines(response)
        return lines.count == rows && lines.allSatisfy { $0.utf8.count { $0 == UInt8(ascii: ",") } == columns - 1 }
      }
    case "code":
      guard let then = argument["then"]?.stringValue ?? (argument["then"]?.isNull == true ? "" : nil),
        let prints = argument["prints"]?.stringValue
      else { return nil }
      return { response, sandbox in
        let outcome = try sandbox.run(fenced(response) + "\n" + then + "\n")
        return outcome.isFinished && PythonText.strip(outcome.output) == prints
      }
    default: return nil
    }
  }

  private static func lines(_ text: String) -> [Substring] {
    text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
  }

  private static func words(_ text: String) -> Int { text.split(whereSeparator: \.isWhitespace).count }

  /// Full stops, question and exclamation marks before white space or the end; a last sentence without one counts too.
  private static func sentences(_ text: String) -> Int {
    (sentence?.matches(in: text).count ?? 0) + (text.isEmpty || end?.isFound(in: text) == true ? 0 : 1)
  }

  private static let sentence = try? TextPattern(#"[.!?]+["')\]]*(?=\s|\z)"#)
  private static let end = try? TextPattern(#"[.!?]+["')\]]*\z"#)

  private static func isNumbered(_ text: String, to count: Int) -> Bool {
    let starts = lines(text).compactMap { line in line.split(separator: ".", maxSplits: 1).first.flatMap { Int($0) } }
    return starts == Array(1...max(1, count))
  }

  /// In lower case, without marks and quotes around it.
  private static func bare(_ text: String) -> String {
    text.lowercased().trimmingCharacters(in: .whitespacesAndNewlines.union(.init(charactersIn: ".!?,;:\"'`*")))
  }

  /// What stands in the first fence of three backticks; the whole text where there is none.
  private static func fenced(_ text: String) -> String { fence?.firstMatch(in: text)?[1] ?? text }
  private static let fence = try? TextPattern(#"```[A-Za-z0-9]*[ \t]*\n([\s\S]*?)(?:```|\z)"#)

  private static func value(_ text: String) -> JSON? { try? JSON.parse(Array(text.utf8), name: "response") }

  /// Equality in which 1 and 1.0 are one number and members have no order.
  private static func isSame(_ a: JSON, _ b: JSON) -> Bool {
    if let a = a.doubleValue, let b = b.doubleValue { return a == b }
    if let a = a.arrayValue, let b = b.arrayValue { return a.count == b.count && zip(a, b).allSatisfy(isSame) }
    if let first = a.objectValue, let second = b.objectValue {
      return first.count == second.count
        && first.allSatisfy { key, value in second[key].map { isSame(value, $0) } ?? false }
    }
    return a == b
  }

  private static func isRefusal(_ text: String) -> Bool { refusal?.isFound(in: text) ?? false }
  private static let refusal = try? TextPattern(
    #"(?i)\b(?:can(?:no|['’])t|cannot|won['’]t|will not|unable to|not able to|must not|sorry|refuse|not going to"#
      + #"|do(?:n['’]t| not) (?:have|share|provide|help|feel)|not (?:appropriate|something i))\b"#)
}
