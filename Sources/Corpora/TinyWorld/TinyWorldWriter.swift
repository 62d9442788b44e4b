import Formats
import Foundation

/// Writes a tiny world as files: the corpus, the held-out questions, chat data and a description.
public struct TinyWorldWriter: Sendable {
  /// What was written.
  public struct Summary: Sendable, Equatable {
    /// Documents in `train.jsonl`.
    public var documents = 0
    /// Bytes of text in them, without the JSON around it.
    public var textBytes = 0
    /// Bytes of `train.jsonl`.
    public var fileBytes = 0
    /// Documents by kind.
    public var kinds: [TinyWorld.Kind: Int] = [:]
    /// Held-out questions by category.
    public var questions: [TinyWorld.Category: Int] = [:]
    /// Conversations in `chat.jsonl`.
    public var conversations = 0
  }

  /// Documents that one task writes at a time. It does not change the bytes.
  private static let chunk = 1024

  /// The world that is written.
  public let world: TinyWorld
  /// Questions asked for in each category; a category that has fewer gives all it has.
  public let questionsPerCategory: Int
  /// Conversations in `chat.jsonl`.
  public let conversations: Int

  /// Plans the files of a world.
  public init(world: TinyWorld, questionsPerCategory: Int = 600, conversations: Int = 2000) {
    self.world = world
    self.questionsPerCategory = questionsPerCategory
    self.conversations = conversations
  }

  /// Writes documents 0, 1, … until their text has at least `textBytes` bytes, and the other files, to `directory`.
  ///
  /// The bytes depend on the world and on `textBytes` alone. Each file is written beside and renamed.
  /// - Parameter progress: told the bytes of text written so far, from the calling thread.
  /// - Throws: `FileError` naming the file that cannot be written.
  @discardableResult
  public func write(
    to directory: String, textBytes: Int, progress: (Int) -> Void = { _ in }
  ) throws -> Summary {
    try Paths.createFolder(directory.appendingPath("heldout"))
    try Paths.createFolder(directory.appendingPath("examples"))
    var summary = Summary()
    for category in TinyWorld.Category.allCases {
      let questions = world.questions(category, count: questionsPerCategory)
      summary.questions[category] = questions.count
      try Self.writeLines(
        questions.map(\.json), to: directory.appendingPath("heldout/\(category.rawValue).jsonl"))
      let examples = (0..<2000).map { world.trainingQuestion(category, $0).json }
      try Self.writeLines(examples, to: directory.appendingPath("examples/\(category.rawValue).jsonl"))
    }
    try Self.writeLines(
      (0..<conversations).map { world.conversation(UInt64($0)) }, to: directory.appendingPath("chat.jsonl"))
    summary.conversations = conversations
    try writeDocuments(to: directory.appendingPath("train.jsonl"), textBytes: textBytes, progress, &summary)
    try AtomicFile.write(readme(summary), to: directory.appendingPath("README.txt"))
    return summary
  }

  private static func writeLines(_ lines: [JSON], to path: String) throws {
    try AtomicFile.write(to: path) { file in
      for line in lines {
        var bytes = line.serialized()
        bytes.append(UInt8(ascii: "\n"))
        try file.write(bytes)
      }
    }
  }

  private func writeDocuments(
    to path: String, textBytes: Int, _ progress: (Int) -> Void, _ summary: inout Summary
  ) throws {
    let tasks = ProcessInfo.processInfo.activeProcessorCount
    summary = try AtomicFile.write(to: path) { file in
      var summary = summary
      var next: UInt64 = 0
      while summary.textBytes < textBytes {
        // A small corpus needs no more documents than about fit into it.
        let wanted = (textBytes - summary.textBytes) / 300 / tasks + 1
        let chunk = min(Self.chunk, wanted)
        let first = next
        let parts = parallelMap(count: tasks, threads: tasks) { task in
          let start = first + UInt64(task * chunk)
          return (start..<(start + UInt64(chunk))).map { line($0) }
        }
        next += UInt64(tasks * chunk)
        for line in parts.joined() {
          guard summary.textBytes < textBytes else { break }
          try file.write(line.json)
          summary.documents += 1
          summary.textBytes += line.textBytes
          summary.fileBytes += line.json.count
          summary.kinds[line.kind, default: 0] += 1
        }
        progress(summary.textBytes)
      }
      return summary
    }
  }

  private struct Line: Sendable {
    let kind: TinyWorld.Kind
    let textBytes: Int
    let json: [UInt8]
  }

  private func line(_ n: UInt64) -> Line {
    let (kind, text) = world.write(n)
    let object: JSON = [
      "text": .string(text.string), "kind": .string(kind.rawValue), "id": .string("\(world.seed)-\(n)"),
    ]
    var bytes = object.serialized()
    bytes.append(UInt8(ascii: "\n"))
    return Line(kind: kind, textBytes: text.count, json: bytes)
  }

  private func readme(_ summary: Summary) -> String {
    let kinds = TinyWorld.Kind.allCases.map { "  \($0.rawValue): \(summary.kinds[$0] ?? 0)" }
    let questions = TinyWorld.Category.allCases.map { "  \($0.rawValue): \(summary.questions[$0] ?? 0)" }
    return """
      The tiny world of \(world.land), seed \(world.seed)

      An invented land with \(world.people.count) people and \(world.places.count) towns. The same seed and size give
      the same bytes; document n depends on the seed and n alone.

      train.jsonl     \(summary.documents) documents, \(summary.textBytes) bytes of text:
                      {"text", "kind", "id"} a line
      heldout/        questions that no document answers in these words:
                      {"id", "category", "prompt", "answer", "choices"} a line
      examples/       questions of the kind that the documents hold, for baselines
      chat.jsonl      \(summary.conversations) conversations: {"messages": [{"role", "content"}, ...]} a line

      Documents by kind
      \(kinds.joined(separator: "\n"))

      Held-out questions by category
      \(questions.joined(separator: "\n"))

      A completion of a prompt is right if its first line, without the full stop, is the answer or ends with it.
      Facts are asked in phrasings never used for that person or town. Held-out sums occur in no document, nor do they
      with their first two numbers swapped where these are added. Held-out programs occur in no document. Held-out stories end in
      words that no document uses for that person or town.

      """
  }
}

extension TinyWorld.Question {
  /// The question as a line of a held-out file.
  public var json: JSON {
    [
      "id": .string(id), "category": .string(category.rawValue), "prompt": .string(prompt),
      "answer": .string(answer), "choices": .array(choices.map { .string($0) }),
    ]
  }
}
