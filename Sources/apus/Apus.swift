import ArgumentParser

/// The command line: one thin file a command.
@main
struct Apus: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apus",
    abstract: "From text and machines to a small language model that people use.",
    version: "0.1.0",
    subcommands: [DataCommand.self])
}

/// `apus data`: corpora.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Write, prepare and inspect corpora.", subcommands: [DataSynthesizeCommand.self])
}
