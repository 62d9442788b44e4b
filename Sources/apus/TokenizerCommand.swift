import ArgumentParser

/// `apus tokenizer`: train, encode, decode, compare.
struct TokenizerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenizer",
    abstract: "Train a tokenizer on text, turn text into tokens and back, compare tokenizers.",
    subcommands: [
      TokenizerTrainCommand.self, TokenizerEncodeCommand.self, TokenizerDecodeCommand.self,
      TokenizerCompareCommand.self,
    ])
}
