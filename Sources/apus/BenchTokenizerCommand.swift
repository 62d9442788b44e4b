import ArgumentParser
import Formats
import Foundation
import Reporting
import Tensors
import Tokenization

/// `apus bench tokenizer`: loading a tokenizer, encoding with it, and training one.
struct TokenizerBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenizer", abstract: "Time loading a tokenizer, encoding a text, and training on it.",
    discussion: """
      The text is cut at line ends into pieces of about 64 kB, which the threads share; each figure is the median of \
      --runs runs. MB are millions of bytes. With --train a tokenizer of so many tokens is trained on the text, too.

      Example: apus bench tokenizer --tokenizer llama3/tokenizer.model --train 16384 text.txt
      """)

  @Option(help: "The tokenizer's folder, its tokenizer.json, or a tiktoken file of ranks.") var tokenizer: String
  @Option(help: "Vocabulary size of a tokenizer to train; without it none is.") var train: Int?
  @Option(help: "Runs of each measurement.") var runs = 5
  @Flag(help: "Print one JSON object.") var json = false
  @Argument(help: "A file of text.") var file: String

  func validate() throws {
    guard runs > 0 else { throw ValidationError("--runs is \(runs); it must be above 0.") }
  }

  func run() throws {
    let mapped = try MappedFile(file, advice: .sequential)
    let pieces = mapped.withBytes { Self.pieces(Array($0)) }
    let megabytes = Double(pieces.reduce(0) { $0 + $1.count }) / 1e6
    let threads = InstructionSet.threads
    let loading = try median({}) { _ = try Tokenizer(directory: tokenizer) }
    var tokens = 0
    // Each run has a tokenizer of its own: one that has seen the text remembers its words.
    func encoding(_ threads: Int) throws -> Double {
      try median({ try Tokenizer(directory: tokenizer) }) {
        tokens = $0.encode(batch: pieces, threads: threads).reduce(0) { $0 + $1.count }
      }
    }
    let one = try encoding(1)
    let all = try encoding(threads)
    let training = try train.map { size in
      try median({}) {
        var trainer = try BPETrainer(
          BPETrainer.Options(vocabularySize: size, preTokenizer: .llama3), threads: threads)
        trainer.add(pieces)
        _ = try trainer.train()
      }
    }
    if json {
      let object: JSON = [
        "threads": JSON(threads), "megabytes": JSON(megabytes), "tokens": JSON(tokens),
        "loadSeconds": JSON(loading), "encodeMegabytesPerSecond": JSON(megabytes / all),
        "encodeMegabytesPerSecondOneThread": JSON(megabytes / one),
        "trainSeconds": training.map { JSON($0) } ?? nil,
      ]
      print(object.serializedString(pretty: false))
      return
    }
    var table = TextTable([.left, .right, .left])
    table.add("load", Quantity.number(loading * 1e3, digits: 3), "ms")
    table.add("encode, 1 thread", Quantity.number(megabytes / one, digits: 3), "MB/s")
    table.add("encode, \(Quantity.counted(threads, "thread"))", Quantity.number(megabytes / all, digits: 3), "MB/s")
    if let train, let training {
      table.add("train \(Quantity.grouped(train)) tokens", Quantity.number(training, digits: 3), "s")
    }
    print("\(Quantity.number(megabytes, digits: 3)) MB, \(Quantity.grouped(tokens)) tokens")
    print(table.text, terminator: "")
  }

  /// Seconds of the middle run of `body`, each after a `setUp` that is not counted.
  private func median<Input>(_ setUp: () throws -> Input, _ body: (Input) throws -> Void) throws -> Double {
    let times = try (0..<runs).map { _ in
      let input = try setUp()
      return try ContinuousClock().measure { try body(input) } / .seconds(1)
    }
    return times.sorted()[runs / 2]
  }

  /// Pieces of about 64 kB that end with a line.
  private static func pieces(_ text: [UInt8]) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    var start = 0
    while start < text.count {
      var end = min(start + 64_000, text.count)
      while end < text.count, text[end - 1] != UInt8(ascii: "\n") { end += 1 }
      pieces.append(Array(text[start..<end]))
      start = end
    }
    return pieces
  }
}
