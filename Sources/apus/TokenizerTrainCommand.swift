import ArgumentParser
import Corpora
import Formats
import Foundation
import Reporting
import Tokenization

/// `apus tokenizer train`
struct TokenizerTrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a byte-level BPE tokenizer on text files.",
    discussion: """
      Reads text files (each one document) and .jsonl files (one document a line, its text in one field), also with
      .gz, and folders of them. Writes a folder that transformers loads.

      Example:
        apus tokenizer train --input stories/ more.jsonl.gz --vocab-size 16384 --output my-tokenizer
      """)

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Text files and folders.", valueName: "path"))
  var input: [String]

  @Option(help: "The field of JSON lines that holds the text.")
  var field = "text"

  @Flag(help: "Pass over lines that are no JSON object with the field.")
  var skipMalformed = false

  @Option(help: "How many tokens the vocabulary has in all.")
  var vocabSize: Int

  @Option(help: "The folder to write.")
  var output: String

  @Option(help: "How text is cut into words.")
  var preTokenizer: PreTokenizerName = .llama3

  @Option(help: "The token that ends a text; its number is 0.")
  var endOfText = "<|endoftext|>"

  @Option(
    name: .customLong("special-token"), parsing: .singleValue,
    help: "One more special token, numbered after the end of text; may be given again and again.")
  var specialTokens: [String] = []

  @Option(help: "Pairs that occur less often are not merged.")
  var minFrequency = 1

  @Flag(help: "Print the figures as JSON.")
  var json = false

  func run() async throws {
    let started = ContinuousClock.now
    let options = BPETrainer.Options(
      vocabularySize: vocabSize, minimumFrequency: minFrequency, preTokenizer: preTokenizer.value,
      specialTokens: [endOfText] + specialTokens, endOfText: endOfText)
    var trainer = try BPETrainer(options, threads: ProcessInfo.processInfo.activeProcessorCount)
    let reader = try DocumentReader(input, field: field, malformedLines: skipMalformed ? .skip : .fail)
    let reading = ProgressLine("counting words", total: reader.totalBytes, unit: "bytes")
    var batch = DocumentBatch()
    var documentCount = 0
    while let document = try reader.next() {
      documentCount += 1
      if document.byteCount >= DocumentBatch.byteLimit {
        document.withBytes { trainer.add($0) }
      } else {
        batch.append(document)
        guard batch.isFull else { continue }
        trainer.add(batch.take())
      }
      reading.update(reader.readBytes)
    }
    trainer.add(batch.take())
    reading.finish()
    guard trainer.byteCount > 0 else {
      throw TokenizerError(input.joined(separator: ", "), "there is no text in it to train on")
    }
    let learning = ProgressLine("learning", total: vocabSize, unit: "tokens")
    let tokenizer = try trainer.train { done, _ in learning.update(done) }
    learning.finish()
    try tokenizer.save(directory: output)

    let seconds = started.duration(to: .now) / .seconds(1)
    if json {
      let figures: JSON = .object([
        "vocabulary_size": JSON(tokenizer.vocabularySize), "documents": JSON(documentCount),
        "skipped_lines": JSON(reader.skippedLines), "bytes": JSON(trainer.byteCount),
        "distinct_words": JSON(trainer.distinctWordCount),
        "seconds": JSON(seconds), "output": .string(output),
      ])
      print(figures.serializedString())
    } else {
      print(
        "\(output): \(Quantity.grouped(tokenizer.vocabularySize)) tokens from "
          + "\(Quantity.counted(documentCount, "document")), \(Quantity.bytes(trainer.byteCount)), "
          + "\(Quantity.counted(trainer.distinctWordCount, "different word")), in \(Quantity.duration(seconds))")
      if reader.skippedLines > 0 { print("  passed over \(Quantity.counted(reader.skippedLines, "malformed line"))") }
    }
  }
}

/// Names of pre-tokenizers on the command line.
enum PreTokenizerName: String, CaseIterable, ExpressibleByArgument {
  case llama3, gpt2, qwen2, smollm2

  var value: PreTokenizer {
    switch self {
    case .llama3: .llama3
    case .gpt2: .gpt2
    case .qwen2: .qwen2
    case .smollm2: .smolLM2
    }
  }
}

/// Short documents that are counted together.
private struct DocumentBatch {
  static let byteLimit = 8 << 20

  private var documents: [[UInt8]] = []
  private var byteCount = 0

  var isFull: Bool { byteCount >= Self.byteLimit }

  mutating func append(_ document: Document) {
    documents.append(document.withBytes { Array($0) })
    byteCount += document.byteCount
  }

  mutating func take() -> [[UInt8]] {
    defer { self = DocumentBatch() }
    return documents
  }
}
