import ArgumentParser

/// `apus plan`: what a model will need before anything runs.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Calculate what a model needs before anything runs.",
    subcommands: [PlanComputeCommand.self, PlanStateMemoryCommand.self, PlanDeviceHoursCommand.self])
}
