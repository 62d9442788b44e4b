import ArgumentParser
import Corpora
import Formats
import Foundation
import Reporting
import Tokenization

/// `apus data prepare`: text to token files.
struct DataPrepareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prepare",
    abstract: "Turn text into token files to train on.",
    discussion: """
      Reads text files (each one document, byte for byte) and .jsonl files (one document a line, its text in one \
      field), also with .gz, .parquet files (one document a row, its text in one column), and folders of them. Drops exact duplicates, puts the end-of-text token after each \
      document and writes datatrove's .ds files with their index. A share of the documents, chosen by their text \
      alone, goes to OUTPUT/validation. The folder appears when everything in it is complete.

      Example:
        apus data prepare --tokenizer my-tokenizer --input stories/ more.jsonl.gz --output tokens
      """)

  @Option(help: "The tokenizer's folder, its tokenizer.json, or a tiktoken file of ranks.")
  var tokenizer: String

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Text files and folders.", valueName: "path"))
  var input: [String]

  @Option(help: "The folder to write.")
  var output: String

  @Option(help: "Share of the documents that is kept for validation, from 0 to below 1.")
  var validation = 0.01

  @Option(help: "The field of JSON lines, or column of Parquet files, that holds the text.")
  var field = "text"

  @Flag(help: "Pass over lines that are no JSON object with the field, and rows without it.")
  var skipMalformed = false

  @Flag(help: "Replace token files that stand in the folder.")
  var overwrite = false

  @Flag(help: "Print the figures as JSON.")
  var json = false

  func validate() throws {
    guard validation >= 0, validation < 1 else {
      throw ValidationError("--validation is \(validation); it must be 0 or more and less than 1.")
    }
  }

  func run() throws {
    let loaded = try Tokenizer(directory: tokenizer)
    var job = PrepareJob(inputs: input, output: output, encoder: DocumentEncoder(loaded, name: tokenizer))
    job.validation = validation
    job.field = field
    job.malformedLines = skipMalformed ? .skip : .fail
    job.overwrite = overwrite
    let size = try InputFile.enumerate(input).reduce(0) { $0 + $1.byteCount }
    let progress = ProgressLine("preparing", total: size, unit: "bytes")
    let summary = try job.run { progress.update($0.readBytes) }
    progress.finish()
    if json {
      print(summary.json.serializedString(pretty: true))
      return
    }
    print(
      "\(output): \(Quantity.counted(summary.tokens, "token")) from "
        + "\(Quantity.counted(summary.documents, "document")), \(Quantity.bytes(summary.textBytes)), in \(Quantity.duration(summary.seconds)) "
        + "(\(Quantity.number(summary.megabytesPerSecond, digits: 3)) MB/s)")
    for (name, files) in [("training", summary.training), ("validation", summary.validation)] {
      let tokens = files.reduce(0) { $0 + $1.tokens }
      let documents = files.reduce(0) { $0 + $1.documents }
      print("  \(name): \(Quantity.counted(tokens, "token")), \(Quantity.counted(documents, "document"))")
    }
    print("  \(Quantity.number(summary.tokensPerByte, digits: 3)) tokens a byte; \(Self.passedOver(summary))")
    if validation > 0, summary.validation.isEmpty {
      note("none of so few documents fell to validation; a larger --validation or more, shorter documents help")
    }
    if loaded.endOfText == nil { note("\(tokenizer) has no end-of-text token, so none stands after documents") }
  }

  private func note(_ text: String) { Terminal.standardError.write("note: \(text)\n") }

  private static func passedOver(_ summary: PrepareSummary) -> String {
    let parts = [
      (summary.duplicates, "duplicate"), (summary.emptyDocuments, "empty document"),
      (summary.skippedLines, "malformed line"),
    ].filter { $0.0 > 0 }.map { Quantity.counted($0.0, $0.1) }
    return parts.isEmpty ? "nothing left out" : "left out: " + parts.joined(separator: ", ")
  }
}
