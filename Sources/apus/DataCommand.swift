import ArgumentParser

/// `apus data`: corpora.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Write, prepare and inspect corpora.",
    subcommands: [DataSynthesizeCommand.self, DataPrepareCommand.self, DataInspectCommand.self, DataRowsCommand.self])
}
