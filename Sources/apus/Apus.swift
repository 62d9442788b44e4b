import ArgumentParser
import Foundation
import Tensors

/// The command line: one thin file a command.
@main
struct Apus: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apus",
    abstract: "From text and machines to a small language model that people use.",
    discussion: """
      Start with `apus quickstart`, which needs nothing but this program.
      APUS_THREADS sets the number of threads, APUS_ISA (portable, avx2, avx512, amx) forces a kernel variant.
      Exit status: 0 on success, 2 on bad usage, 1 when a job failed.
      """,
    version: "0.1.0",
    subcommands: [
      QuickstartCommand.self, TokenizerCommand.self, DataCommand.self, PlanCommand.self, TrainCommand.self, SweepCommand.self,
      GenerateCommand.self, ChatCommand.self, EvaluateCommand.self, ChatTemplateCommand.self, ReportCommand.self,
      ModelCommand.self,
      ConvertCommand.self, DoctorCommand.self, BenchCommand.self,
    ])

  /// Parses, runs and leaves with the status that the outcome deserves.
  static func main() async {
    do {
      let arguments = Array(CommandLine.arguments.dropFirst())
      var command = try await asyncParseAsRoot(arguments)
      try InstructionSet.applyEnvironment()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      Foundation.exit(ExitReport(error).tell())
    }
  }
}
