import ArgumentParser

/// `apus plan`: what to know before a run.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Plan a run: what published laws say, and which batch is too large.",
    subcommands: [PlanLawsCommand.self, PlanCriticalBatchCommand.self])
}
