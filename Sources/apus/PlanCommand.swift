import ArgumentParser

/// `apus plan`: what to know before a run.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Calculate what a model needs, what laws of published and own runs say, which batch is too large.",
    subcommands: [
      PlanComputeCommand.self, PlanStateMemoryCommand.self, PlanDeviceHoursCommand.self, PlanLawsCommand.self,
      PlanFitCommand.self, PlanCriticalBatchCommand.self,
    ])
}
