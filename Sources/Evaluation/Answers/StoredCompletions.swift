public import Formats
import Foundation
import OrderedCollections

/// Completions that were written down earlier, by whatever program, to be scored without a model.
///
/// A line is an object with `completion`, a text, or `completions`, a list of them; several lines may hold completions
/// of one question. The question's own keys stand in the line too, or in a file of questions, whose rows are found by
/// the key that names a question, or else by their order.
public struct StoredCompletions: Sendable {
  /// A question with all its completions.
  public struct Item: Sendable {
    /// What names the question.
    public var id: String
    /// Its row.
    public var question: JSON
    /// What was written to it.
    public var completions: [String]
  }

  /// What the completions of a file are worth.
  public struct Result: Sendable {
    /// The items and, in their order, the scores of their completions.
    public var scored: [(item: Item, scores: [AnswerScore])]
    /// The scorer's metrics.
    public var metrics: [String]

    /// The mean over questions of the mean over their completions, with its standard error.
    public func mean(_ metric: String) -> MetricValue {
      let values = scored.map { entry in
        entry.scores.reduce(0) { $0 + ($1.values[metric] ?? 0) } / Double(entry.scores.count)
      }
      return .mean(metric, values)
    }

    /// The mean over questions of the chance that one of k completions is right; nil if a question has fewer than k.
    public func pass(_ metric: String, k: Int) -> MetricValue? {
      let values = scored.compactMap { entry in
        PassAtK.estimate(
          samples: entry.scores.count, correct: entry.scores.count { ($0.values[metric] ?? 0) >= 1 }, k: k)
      }
      guard values.count == scored.count else { return nil }
      return .mean(metric, values)
    }

    /// The share of questions whose most frequent answer is right, with its standard error.
    public func majority(_ metric: String) -> MetricValue {
      let values = scored.map { entry in
        MajorityVote.winner(entry.scores.map(\.answer)).flatMap { entry.scores[$0].values[metric] } ?? 0
      }
      return .mean(metric, values)
    }
  }

  /// Questions with their completions, in the order of the questions.
  public let items: [Item]

  /// Reads completions.
  /// - Parameters:
  ///   - path: JSON lines, also compressed with gzip.
  ///   - questions: a file of questions in the same form; nil where the lines are the questions.
  ///   - key: what names a question, in both files; by default the first of `task_id`, `question_id`, `id` and `index`
  ///     that the first lines of both have, else the order.
  /// - Throws: a sentence naming file and line.
  public init(_ path: String, questions: String? = nil, key: String? = nil) throws {
    let lines = try Self.lines(path)
    let rows = try questions.map(Self.lines) ?? lines
    let known = ["task_id", "question_id", "id", "index"]
    let key = key ?? known.first { lines[0].row[$0] != nil && rows[0].row[$0] != nil }
    func name(_ line: ObjectLines.Line, at position: Int, of path: String) throws -> String {
      guard let key else { return "\(position)" }
      guard let value = line.row[key] else {
        throw ScorerError("\(path), line \(line.number), has no \"\(key)\" that names its question")
      }
      return value.stringValue ?? value.serializedString()
    }
    var found: OrderedDictionary<String, Item> = [:]
    for (position, row) in rows.enumerated() {
      let id = try name(row, at: position, of: questions ?? path)
      if questions != nil, found[id] != nil {
        throw ScorerError("\(questions ?? path), line \(row.number), names a question \"\(id)\" for the second time")
      }
      if found[id] == nil { found[id] = Item(id: id, question: row.row, completions: []) }
    }
    for (position, line) in lines.enumerated() {
      let id = try name(line, at: position, of: path)
      guard found[id] != nil else {
        throw ScorerError(
          "\(path), line \(line.number), is for the question \"\(id)\", which is not in \(questions ?? path)")
      }
      found[id]?.completions += try Self.completions(line, path)
    }
    items = found.values.filter { !$0.completions.isEmpty }
  }

  /// Scores all completions on the machine's cores.
  /// - Parameters:
  ///   - reference: where a row has its reference, keys joined by points; nil where the scorer needs none.
  ///   - progress: told how many questions are done.
  /// - Throws: `ScorerError` for a row that lacks what the scorer needs, and what `progress` throws.
  public func scored(
    by scorer: any AnswerScorer, reference: String?, progress: (_ done: Int) throws -> Void = { _ in }
  ) throws -> Result {
    var scored: [(item: Item, scores: [AnswerScore])] = []
    let width = 64
    let threads = ProcessInfo.processInfo.activeProcessorCount
    for start in stride(from: 0, to: items.count, by: width) {
      let part = items[start..<min(start + width, items.count)]
      let scores = parallelMap(count: part.count, threads: threads) { i in
        Swift.Result {
          let item = part[start + i]
          let answer = try reference.map { try Self.reference($0, item) } ?? .null
          return try scorer.scores(question: item.question, reference: answer, completions: item.completions)
        }
      }
      for (item, scores) in zip(part, scores) { scored.append((item, try scores.get())) }
      try progress(scored.count)
    }
    return Result(scored: scored, metrics: scorer.metrics)
  }

  private static func reference(_ path: String, _ item: Item) throws -> JSON {
    var value = item.question
    for key in path.split(separator: ".") {
      guard let next = value[String(key)] else {
        throw ScorerError("the question \"\(item.id)\" has no reference under \"\(path)\"")
      }
      value = next
    }
    return value
  }

  private static func completions(_ line: ObjectLines.Line, _ path: String) throws -> [String] {
    if let completion = line.row["completion"]?.stringValue { return [completion] }
    let several = line.row["completions"]?.arrayValue
    let texts = several?.compactMap(\.stringValue) ?? []
    guard let several, texts.count == several.count else {
      throw ScorerError(
        "\(path), line \(line.number), has neither a text under \"completion\" nor a list of texts under \"completions\""
      )
    }
    return texts
  }

  private static func lines(_ path: String) throws -> [ObjectLines.Line] {
    let lines = try ObjectLines.read(path)
    guard !lines.isEmpty else { throw ScorerError("\(path) has no lines") }
    return lines
  }
}
