import ArgumentParser
import Formats
import Foundation
import Lab
import Reporting
import Training

/// `apus quickstart`: everything once, in minutes.
struct QuickstartCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quickstart",
    abstract: "Write a small world, train a language model on it and ask it questions.",
    discussion: """
      Needs nothing but this program. The output folder keeps the world, the tokenizer, the token files, the \
      configuration (for `apus train`), the model (for `apus generate`) and report.html.

      Example: apus quickstart --minutes 3 --output quickstart
      """)

  @Option(help: "How long it may take, roughly.") var minutes = 3.0
  @Option(help: "The folder to write; by default the first free of quickstart, quickstart-2, …") var output: String?
  @OptionGroup var device: DeviceOptions
  @Flag(help: "Print the figures as JSON.") var json = false

  func validate() throws {
    guard minutes.isFinite, minutes >= 0.1, minutes <= 600 else {
      throw ValidationError("--minutes is \(minutes); it must be from 0.1 to 600.")
    }
  }

  func run() throws {
    StopSignal.install()
    let folder = output ?? Self.freeFolder()
    var console: TrainingConsole?
    var quickstart = Quickstart(output: folder, minutes: minutes)
    quickstart.backend = try device.backend()
    let result = try quickstart.run { event in
      switch event {
      case .part(let text):
        console?.finish()
        console = nil
        Self.say(text)
      case .note(let text): Self.say("  \(text)")
      case .training(let steps):
        Self.say("training for \(steps) steps")
        console = TrainingConsole(totalSteps: steps)
      case .trainer(let event): console?.show(event)
      }
    }
    console?.finish()
    print(json ? Self.json(result).serializedString(pretty: true) : Self.text(result))
  }

  private static func text(_ result: Quickstart.Result) -> String {
    var table = TextTable([.left, .right, .right, .right, .right])
    table.add(["held-out questions", "asked", "this model", "most frequent answer", "untrained model"])
    for task in result.results {
      table.add(
        [task.task, String(task.questions)]
          + task.scores.map { score in
            guard let low = score.low, let high = score.high else { return percent(score.accuracy) }
            return "\(percent(score.accuracy)) (\(percent(low))–\(percent(high)))"
          })
    }
    let samples = result.samples.map { "› \($0.prompt)\($0.completion.replacing("\n", with: "\n  "))" }
    let best = result.summary.validation.map { "\($0.source) \(Quantity.number($0.loss))" }.joined(separator: ", ")
    return """

      \(table.text)
      95 % intervals in brackets. Validation loss: \(best).

      \(samples.joined(separator: "\n\n"))

      \(result.wasStopped ? "Stopped early, after" : "Done in") \(Quantity.duration(result.seconds)): \
      \(Quantity.grouped(result.summary.tokens)) tokens at \(Quantity.grouped(Int(result.summary.tokensPerSecond))) tokens/s.
      report:  \(result.report)
      model:   \(result.model)
      talk:    apus generate \(result.model) --prompt "Question:"
      """
  }

  private static func json(_ result: Quickstart.Result) -> JSON {
    .object([
      "results": HeldOutResult.json(result.results), "run": result.summary.json, "model": .string(result.model),
      "report": .string(result.report), "seconds": .number(result.seconds),
    ])
  }

  private static func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }

  private static func freeFolder() -> String {
    var number = 1
    while true {
      let name = number == 1 ? "quickstart" : "quickstart-\(number)"
      if !Paths.exists(name) { return name }
      number += 1
    }
  }

  private static func say(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
}
