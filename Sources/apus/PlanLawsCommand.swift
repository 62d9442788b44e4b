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
        apus plan laws --params 3e9 --tokens 11e12
        apus plan laws --model smollm3-3b --tokens 11.2e12 --json
        apus plan laws --params 7e6 --tokens 14e6 --loss 4.2
      """)

  @Option(help: "Parameters outside embedding and head, such as 3e9.") var params: Double?
  @Option(help: "A preset, or a model folder, in place of --params.") var model: String?
  @Option(help: "Tokens of the run, such as 11e12.") var tokens: Double
  @Option(help: "Operations of the run, where they are known better than by 6·N·D.") var flops: Double?
  @Option(help: "The loss at which to say the critical batch, nats a token.") var loss: Double?
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard (params == nil) != (model == nil) else { throw ValidationError("give either --params or --model") }
    for (name, value) in [("--params", params), ("--tokens", tokens), ("--flops", flops)] {
      if let value, !(value >= 1 && value <= 1e40) { throw ValidationError("\(name) must be a number from 1 to 1e40") }
    }
    if let loss, !(loss > 0 && loss < 1000) { throw ValidationError("--loss must be above 0") }
  }

  func run() throws {
    let tables = LawTables(
      scale: RunScale(parameters: try parameters(), tokens: tokens, operations: flops), loss: loss)
    print(json ? tables.json.serializedString(pretty: true) + "\n" : tables.text, terminator: "")
  }

  private func parameters() throws -> Double {
    if let params { return params }
    let model = model ?? ""
    let configuration = Paths.exists(model) ? try ModelConfiguration(stored: model) : try Preset(named: model).configuration
    return Double(configuration.parameterCounts.withoutEmbeddings)
  }
}
