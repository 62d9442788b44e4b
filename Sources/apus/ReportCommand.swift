import ArgumentParser
import Formats
import Reporting

/// `apus report`: pictures and figures of one run, or several over each other.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Write report.html for a run, or one that compares several.")

  @Argument(help: "Run folders, each with a metrics.jsonl.")
  var runs: [String]

  @Option(help: "Where to write. Default: report.html in the run folder; for several runs, here.")
  var output: String?

  @Flag(help: "Print the figures of the runs as JSON too.")
  var json = false

  func run() throws {
    let records = try runs.map { folder in try RunRecord(folder: folder) }
    let path = output ?? (runs.count == 1 ? runs[0].appendingPath("report.html") : "report.html")
    try AtomicFile.write(RunReport.html(records), to: path)
    let summaries = records.map { RunSummary($0) }
    if json {
      let figures = JSON.object(["report": .string(path), "runs": .array(summaries.map(\.json))])
      print(figures.serializedString(pretty: true))
      return
    }
    var table = TextTable([.left, .right, .right, .right, .right, .right, .right])
    table.add("run", "steps", "tokens", "loss", "validation", "tok/s", "memory")
    table.rule()
    for summary in summaries {
      let validation = summary.validation.map { Quantity.number($0.loss) }.joined(separator: " ")
      table.add(
        summary.name, Quantity.grouped(summary.steps), Quantity.count(summary.tokens),
        Quantity.number(summary.finalLoss), validation.isEmpty ? "–" : validation,
        summary.tokensPerSecond.isFinite ? Quantity.count(Int(summary.tokensPerSecond)) : "–",
        Quantity.bytes(summary.peakBytes))
    }
    print(table.text, terminator: "")
    print("report: \(path)")
  }
}
