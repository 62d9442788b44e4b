import ArgumentParser

/// `apus evaluate`: figures of a model.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Score a model on benchmarks, on text or on questions.",
    discussion: "Without a subcommand, `apus evaluate MODEL --tasks …` runs benchmarks.",
    subcommands: [
      EvaluateRunCommand.self, EvaluateCompareCommand.self, EvaluatePerplexityCommand.self,
      EvaluateQuestionsCommand.self, EvaluateScoreCommand.self, EvaluatePromptsCommand.self,
    ],
    defaultSubcommand: EvaluateRunCommand.self)
}
