import ArgumentParser
import Corpora
import Formats
import Foundation
import Reporting

/// `apus data synthesize`: writes the tiny world.
struct DataSynthesizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "synthesize",
    abstract: "Write a corpus about an invented world, with held-out questions.",
    discussion: """
      The same seed and size give the same bytes. The folder receives train.jsonl, heldout/*.jsonl,
      examples/*.jsonl, chat.jsonl and README.txt.

      Examples:
        apus data synthesize --output world --megabytes 20
        apus data synthesize --output world --megabytes 100 --seed 7 --json
      """)

  @Option(help: "The folder to write.")
  var output: String

  @Option(help: "Size of the text in train.jsonl, in millions of bytes.")
  var megabytes: Double

  @Option(help: "The world to draw: another seed gives other people, places and facts.")
  var seed: UInt64 = 1

  @Option(help: "Held-out questions a category, at most.")
  var questions = 600

  @Option(help: "Conversations in chat.jsonl.")
  var conversations = 2000

  @Flag(help: "Print the figures as JSON.")
  var json = false

  func validate() throws {
    guard megabytes.isFinite, megabytes > 0, megabytes <= 1_000_000 else {
      throw ValidationError("--megabytes is \(megabytes); it must be above 0 and at most 1000000.")
    }
    guard (0...100_000).contains(questions) else {
      throw ValidationError("--questions is \(questions); it must be from 0 to 100000.")
    }
    guard (0...10_000_000).contains(conversations) else {
      throw ValidationError("--conversations is \(conversations); it must be from 0 to 10000000.")
    }
  }

  func run() throws {
    let wanted = Int(megabytes * 1_000_000)
    let writer = TinyWorldWriter(
      world: TinyWorld(seed: seed), questionsPerCategory: questions, conversations: conversations)
    let start = Date()
    let progress = ProgressLine("writing", total: wanted, unit: "bytes")
    let summary = try writer.write(to: output, textBytes: wanted) { done in progress.update(done) }
    progress.finish()
    let seconds = Date().timeIntervalSince(start)
    let kinds = TinyWorld.Kind.allCases.map { ($0.rawValue, summary.kinds[$0] ?? 0) }
    let questions = TinyWorld.Category.allCases.map { ($0.rawValue, summary.questions[$0] ?? 0) }
    if json {
      let object: JSON = [
        "output": .string(output), "seed": .string(String(seed)), "documents": JSON(summary.documents),
        "text_bytes": JSON(summary.textBytes), "file_bytes": JSON(summary.fileBytes),
        "kinds": .object(.init(uniqueKeysWithValues: kinds.map { ($0.0, JSON($0.1)) })),
        "questions": .object(.init(uniqueKeysWithValues: questions.map { ($0.0, JSON($0.1)) })),
        "conversations": JSON(summary.conversations), "seconds": JSON(seconds),
      ]
      print(object.serializedString())
    } else {
      print("\(output): \(summary.documents) documents, \(summary.textBytes) bytes of text, seed \(seed)")
      print("  documents: " + kinds.map { "\($0.0) \($0.1)" }.joined(separator: ", "))
      print("  held-out questions: " + questions.map { "\($0.0) \($0.1)" }.joined(separator: ", "))
    }
  }
}
