import ArgumentParser
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
      """,
    version: "0.1.0",
    subcommands: [
      QuickstartCommand.self, TokenizerCommand.self, DataCommand.self, TrainCommand.self, ReportCommand.self,
      ModelCommand.self, DoctorCommand.self, BenchCommand.self,
    ])
}
