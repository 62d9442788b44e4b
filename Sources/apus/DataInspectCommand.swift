import ArgumentParser
import Corpora
import Formats
import Tokenization

/// `apus data inspect`: what lies in a folder of token files.
struct DataInspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show sizes, document lengths and text of token files.",
    discussion: """
      Text is decoded with the tokenizer that the token files name, or with --tokenizer.

      Example:
        apus data inspect tokens --sample 3
      """)

  @Argument(help: "The folder of token files.")
  var folder: String

  @Option(help: "How many windows to show as text, spread over the data.")
  var sample = 0

  @Option(help: "Tokens of a window.")
  var length = 256

  @Option(help: "The tokenizer's folder, its tokenizer.json, or a tiktoken file of ranks.")
  var tokenizer: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard (0...10_000).contains(sample) else {
      throw ValidationError("--sample is \(sample); it must be from 0 to 10000.")
    }
    guard (1...1_000_000).contains(length) else {
      throw ValidationError("--length is \(length); it must be from 1 to 1000000.")
    }
  }

  func run() throws {
    let source = try TokenSource(folder)
    let statistics = DatasetStatistics(source)
    var windows: [(position: Int, text: String)] = []
    if sample > 0 {
      let loaded = try loadTokenizer(namedBy: source)
      let inspector = try DatasetInspector(folder, endOfText: loaded.endOfText) { loaded.decode($0) }
      windows = try inspector.positions(count: sample, sequenceLength: length).map {
        ($0, try inspector.text(position: $0, count: length))
      }
    }
    if json {
      var object = statistics.json
      object["samples"] = .array(windows.map { ["position": JSON($0.position), "text": .string($0.text)] })
      print(object.serializedString(pretty: true))
    } else {
      print(statistics.text, terminator: "")
      for window in windows { print("\n" + window.text, terminator: "") }
    }
  }

  private func loadTokenizer(namedBy source: TokenSource) throws -> Tokenizer {
    if let tokenizer { return try Tokenizer(directory: tokenizer) }
    guard let name = source.tokenizer, !name.isEmpty else {
      throw CorpusError(folder, "does not name its tokenizer; name it with --tokenizer")
    }
    guard Paths.exists(name) else {
      throw CorpusError(folder, "was made with the tokenizer \(name), which is not there; name it with --tokenizer")
    }
    return try Tokenizer(directory: name)
  }
}
