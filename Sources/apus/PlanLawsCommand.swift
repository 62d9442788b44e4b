import ArgumentParser
import Formats
import Models
import Planning

/// `apus plan laws`: what published scaling laws say of a run.
struct PlanLawsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "laws", abstract: "Learning rate, batch and loss of a run by published scaling laws.",
    discussion: """
      Laws of the learning rate and batch (DeepSeek, Step law, Kaplan), of the critical batch, and of the loss \
      (Chinchilla as published and as fitted again), each with its formula and source. They belong to their authors' \
      data, tokenizers and schedules: places to begin a sweep, not to end one.

      Examples:
        apus plan laws --params 3B --tokens 11T
        apus plan laws --model smollm3-3b --tokens 11.2T --json
        apus plan laws --params 7M --tokens 14M --loss 4.2
      """)

  @Option(help: "Parameters outside embedding and head, such as 3B.") var params: Amount?
  @Option(help: "A preset, or a model folder, in place of --params.") var model: String?
  @Option(help: "Tokens of the run, such as 11T.") var tokens: Amount
  @Option(help: "Operations of the run, where they are known better than by 6·N·D.") var flops: Amount?
  @Option(help: "The loss at which to say the critical batch, nats a token.") var loss: Double?
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard (params == nil) != (model == nil) else { throw ValidationError("give either --params or --model") }
    for (name, value) in [("--params", params?.value), ("--tokens", tokens.value), ("--flops", flops?.value)] {
      if let value, !(value >= 1 && value <= 1e40) { throw ValidationError("\(name) must be a number from 1 to 1e40") }
    }
    if let loss, !(loss > 0 && loss < 1000) { throw ValidationError("--loss must be above 0") }
  }

  func run() throws {
    let tables = LawTables(
      scale: RunScale(parameters: try parameters(), tokens: tokens.value, operations: flops?.value), loss: loss)
    print(json ? tables.json.serializedString(pretty: true) + "\n" : tables.text, terminator: "")
  }

  private func parameters() throws -> Double {
    if let params { return params.value }
    let model = model ?? ""
    let configuration = Paths.exists(model) ? try ModelConfiguration(stored: model) : try Preset(named: model).configuration
    return Double(configuration.parameterCounts.withoutEmbeddings)
  }
}
