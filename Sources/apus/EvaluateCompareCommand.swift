import ArgumentParser
import Evaluation
import Formats
import Reporting

/// `apus evaluate compare`: results of several models side by side.
struct EvaluateCompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Put the results of models side by side: a table and a picture.",
    discussion: """
      RESULTS are files results_DATE.json, or folders of them, of which the newest a model counts. The picture shows \
      each task's main figure with its 95 % interval.

      Example:
        apus evaluate compare evaluations/results --output comparison.html
      """)

  @Argument(help: "Files of results, or folders of them.")
  var results: [String]

  @Option(help: "Write the picture to this file, a web page.")
  var output: String?

  @Flag(help: "Print the figures as JSON.")
  var json = false

  func run() throws {
    let comparison = try EvaluationComparison(paths: results)
    print(json ? comparison.json.serializedString(pretty: true) + "\n" : comparison.table, terminator: "")
    if let output {
      try AtomicFile.write(comparison.html, to: output)
      if !json { print(output) }
    }
  }
}
