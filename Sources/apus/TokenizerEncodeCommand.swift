import ArgumentParser
import Formats
import Foundation
import Tokenization

/// `apus tokenizer encode`
struct TokenizerEncodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encode",
    abstract: "Print the tokens of a text on one line.",
    discussion: """
      The whole file is one document, newlines kept; any bytes are welcome. Without a file, standard input is read. With
      --jsonl each line of the file is a document of its own: a string in JSON.

      Example:
        echo 'Hello there' | apus tokenizer encode --tokenizer my-tokenizer
      """)

  @Option(help: "The tokenizer's folder, or its file: tokenizer.json, a SentencePiece model, tiktoken's ranks, GGUF.")
  var tokenizer: String

  @Flag(help: "Special tokens in the text become their number instead of being text.")
  var special = false

  @Flag(help: "Print JSON: the tokens and their count.")
  var json = false

  @Flag(help: "Each line is a document, a string in JSON; prints the tokens of each on a line.")
  var jsonl = false

  @Argument(help: "A file of text.")
  var file: String?

  func run() async throws {
    let tokenizer = try Tokenizer(directory: tokenizer)
    let handling: SpecialTokenHandling = special ? .recognised : .asText
    if jsonl {
      try encodeLines(tokenizer, handling)
      return
    }
    let ids: [UInt32]
    let byteCount: Int
    if let file {
      let mapped = try MappedFile(file, advice: .sequential)
      byteCount = mapped.bytes.count
      ids = mapped.withBytes { tokenizer.encode($0, specialTokens: handling) }
    } else {
      let bytes = Array(try FileHandle.standardInput.readToEnd() ?? Data())
      byteCount = bytes.count
      ids = tokenizer.encode(bytes, specialTokens: handling)
    }
    var text = ""
    if json { text += "{\"bytes\": \(byteCount), \"count\": \(ids.count), \"tokens\": [" }
    for (index, id) in ids.enumerated() {
      if index > 0 { text += json ? ", " : " " }
      text += String(id)
    }
    text += json ? "]}\n" : "\n"
    try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
  }

  private func encodeLines(_ tokenizer: Tokenizer, _ handling: SpecialTokenHandling) throws {
    guard let file else { throw ValidationError("--jsonl needs a file.") }
    var output = Data()
    let lines = try MappedFile(file, advice: .sequential).withBytes { $0.split(separator: 0x0a).map { Array($0) } }
    for (number, line) in lines.enumerated() {
      guard case .string(let text) = try JSON.parse(line, name: "\(file), line \(number + 1)") else {
        throw ValidationError("Line \(number + 1) of \(file) is no string in JSON.")
      }
      let ids = tokenizer.encode(text, specialTokens: handling)
      output.append(contentsOf: Array(((json ? "[" : "") + ids.map(String.init).joined(separator: json ? ", " : " ")
        + (json ? "]\n" : "\n")).utf8))
    }
    try FileHandle.standardOutput.write(contentsOf: output)
  }
}
