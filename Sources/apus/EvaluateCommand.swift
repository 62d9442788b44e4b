import ArgumentParser

/// `apus evaluate`: figures of a model.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Score a model on text or on questions.",
    subcommands: [
      EvaluatePerplexityCommand.self, EvaluateQuestionsCommand.self, EvaluateScoreCommand.self,
      EvaluatePromptsCommand.self,
    ])
}
