import ArgumentParser
import Formats
import Foundation
import Tokenization

/// `apus tokenizer decode`
struct TokenizerDecodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode",
    abstract: "Print the text of tokens.",
    discussion: """
      Reads token numbers with white space or commas between them, from a file or standard input, and writes their
      bytes, nothing added.

      Example:
        apus tokenizer encode --tokenizer my-tokenizer story.txt | apus tokenizer decode --tokenizer my-tokenizer
      """)

  @Option(help: "The tokenizer's folder, its tokenizer.json, or a tiktoken file of ranks.")
  var tokenizer: String

  @Flag(help: "Leave out special tokens.")
  var skipSpecial = false

  @Flag(help: "Print JSON: the text, and how many tokens and bytes it has.")
  var json = false

  @Argument(help: "A file of token numbers.")
  var file: String?

  func run() async throws {
    let tokenizer = try Tokenizer(directory: tokenizer)
    let input: [UInt8]
    if let file {
      input = try MappedFile(file).withBytes { Array($0) }
    } else {
      input = Array(try FileHandle.standardInput.readToEnd() ?? Data())
    }
    let ids = try Self.numbers(input, below: tokenizer.vocabularySize, name: file ?? "standard input")
    let bytes = tokenizer.decode(ids, skippingSpecialTokens: skipSpecial)
    if json {
      let figures: JSON = .object([
        "tokens": JSON(ids.count), "bytes": JSON(bytes.count), "text": .string(String(decoding: bytes, as: UTF8.self)),
      ])
      print(figures.serializedString())
    } else {
      try FileHandle.standardOutput.write(contentsOf: Data(bytes))
    }
  }

  private static func numbers(_ input: [UInt8], below limit: Int, name: String) throws -> [UInt32] {
    try input.split(whereSeparator: { [0x20, 0x0a, 0x0d, 0x09, 0x2c].contains($0) }).map { word in
      let text = String(decoding: word.prefix(40), as: UTF8.self)
      guard let id = UInt32(text), id < limit else {
        throw TokenizerError(name, "\"\(text)\" is no token number, it must be from 0 to \(limit - 1)")
      }
      return id
    }
  }
}
