import ArgumentParser
import Corpora
import Formats
import Foundation
import Reporting
import Tensors
import Tokenization

/// `apus tokenizer compare`
struct TokenizerCompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare tokenizers on texts: tokens a word, words that are cut, bytes a token.",
    discussion: """
      Give a file or folder for each language or domain that the model shall know.

      fertility   tokens a word, each word encoded by itself, as FineWeb2 and the Smol training playbook have it
      continued   share of words of two tokens and more
      in text     all tokens of the running text over its words
      bytes/token bytes of the text a token

      \(rule)

      Example:
        apus tokenizer compare llama3 gemma3 --text english.jsonl --text chinese.jsonl --page tokenizers.html
      """)

  static let rule = """
    Words are the pieces with a letter or digit that Unicode's default rules (annex 29) cut; every Han character is a \
    word, and so is every run of kana; Thai, Lao, Khmer and Burmese are cut at every letter.
    """

  @Argument(help: "Tokenizers: folders, tokenizer.json files, or tiktoken files of ranks.")
  var tokenizers: [String]

  @Option(help: "A file or folder of text or JSON lines; may be given again.")
  var text: [String]

  @Option(help: "The field of JSON lines that holds the text.")
  var field = "text"

  @Option(help: "Bytes to read of each text, at most; whole documents from its beginning.")
  var maxBytes = 20_000_000

  @Option(help: "Write a page with pictures to this file.")
  var page: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard !text.isEmpty else { throw ValidationError("--text is missing: name at least one file of text.") }
    guard maxBytes > 0 else { throw ValidationError("--max-bytes is \(maxBytes); it must be above 0.") }
  }

  func run() throws {
    let loaded = try tokenizers.map { try Tokenizer(directory: $0) }
    let names = TokenizerCompareCommand.distinct(tokenizers)
    let texts = TokenizerCompareCommand.distinct(text)
    var results: [[TokenizerFertility]] = []
    for (path, name) in zip(text, texts) {
      let progress = ProgressLine(name, total: nil, unit: "bytes")
      defer { progress.finish() }
      results.append(
        try TokenizerComparison.measure(
          loaded, on: path, field: field, limit: maxBytes, threads: InstructionSet.threads
        ) { progress.update($0) })
    }
    if let page { try write(page, names, loaded, texts, results) }
    if json {
      var rows: [JSON] = []
      for (text, measured) in zip(texts, results) {
        for (index, result) in measured.enumerated() {
          var row: JSON = [
            "tokenizer": .string(names[index]), "vocabulary": JSON(loaded[index].vocabularySize), "text": .string(text),
          ]
          for (key, value) in result.json.objectValue ?? [:] { row[key] = value }
          rows.append(row)
        }
      }
      let object: JSON = ["words": .string(TokenizerCompareCommand.rule), "results": .array(rows)]
      print(object.serializedString(pretty: true))
      return
    }
    var table = TextTable([.left, .left, .right, .right, .right, .right, .right])
    table.add("text", "tokenizer", "words", "fertility", "continued", "in text", "bytes/token")
    for (text, measured) in zip(texts, results) {
      table.rule()
      for (name, result) in zip(names, measured) {
        table.add(
          text, name, Quantity.grouped(result.words), Quantity.number(result.fertility, digits: 3),
          Quantity.number(result.continued * 100, digits: 3) + " %", Quantity.number(result.tokensPerWord, digits: 3),
          Quantity.number(result.bytesPerToken, digits: 3))
      }
    }
    print(table.text + "\n" + TokenizerCompareCommand.rule)
  }

  private func write(
    _ path: String, _ names: [String], _ loaded: [Tokenizer], _ texts: [String], _ results: [[TokenizerFertility]]
  ) throws {
    let page = TokenizerPage(
      tokenizers: zip(names, loaded).map { (name: $0, vocabulary: $1.vocabularySize) },
      texts: zip(texts, results).map { text, measured in
        let shown = measured.map {
          TokenizerPage.Result(
            fertility: $0.fertility, continued: $0.continued, tokensPerWord: $0.tokensPerWord,
            bytesPerToken: $0.bytesPerToken)
        }
        return (name: text, words: measured.first?.words ?? 0, results: shown)
      }, rule: TokenizerCompareCommand.rule)
    try AtomicFile.write(Array(page.html.utf8), to: path)
  }

  /// Names of files without folders and endings, of their folder where the file's own says nothing, unless two would be
  /// the same.
  private static func distinct(_ paths: [String]) -> [String] {
    let short = paths.map { path in
      let name = path.lastPathPart
      if name == "tokenizer.json" || name == "tokenizer.model", path.parentPath != "." {
        return path.parentPath.lastPathPart
      }
      let stem = name.split(separator: ".", omittingEmptySubsequences: false).first.map(String.init) ?? name
      return stem.isEmpty ? path : stem
    }
    return Set(short).count == short.count ? short : paths
  }
}
