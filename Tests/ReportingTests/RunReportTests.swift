import Foundation
import Formats
import Reporting
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct RunReportTests {
  private func record(_ name: String, steps: Int = 300) -> RunRecord {
    let validations = stride(from: 0, through: steps, by: 50).flatMap { step in
      [
        ValidationMetrics(step: step, source: "web", loss: 2.2 + 6 / Double(step + 1), bitsPerByte: 1.2),
        ValidationMetrics(step: step, source: "code", loss: 1.8 + 6 / Double(step + 1)),
      ]
    }
    return RunRecord(
      name: name, configuration: "general:\n  run: \(name)\nmodel:\n  sizes: [1, 2]\n  list:\n  - a: 1\n",
      metrics: RunMetrics(
        steps: steps == 0 ? [] : (1...steps).map { row($0, loss: $0 == 150 ? .nan : nil) }, validations: validations),
      samples: [TextSample(step: 1, prompt: "old", completion: "x"), TextSample(step: 9, prompt: "A <b>", completion: " & c")],
      results: [
        HeldOutResult(
          task: "facts", questions: 300,
          scores: [.init(name: "model", accuracy: 0.71, low: 0.66, high: 0.76), .init(name: "untrained", accuracy: 0)])
      ])
  }

  /// The page must be well-formed and refer to nothing outside itself.
  private func check(_ html: String) throws {
    for forbidden in ["<script", "http:", "https:", "src=", "href=", "@import", "url(", "NaN", "inf\""] {
      #expect(!html.contains(forbidden), "\(forbidden)")
    }
    let start = try #require(html.firstRange(of: "<main>"))
    let end = try #require(html.firstRange(of: "</main>"))
    let parser = XMLParser(data: Data(html[start.lowerBound..<end.upperBound].utf8))
    #expect(parser.parse(), "\(String(describing: parser.parserError)) at line \(parser.lineNumber)")
  }

  @Test func aRunsPage() throws {
    let html = RunReport.html([record("my <run>")])
    try check(html)
    #expect(html.contains("<h1>my &lt;run&gt;</h1>"))
    #expect(html.contains("A &lt;b&gt;</em> &amp; c") && !html.contains(">old<"))
    for part in [
      "Loss, nats per token", "Learning rate", "Gradient norm", "Tokens per second", "MFU", "Resident memory",
      "Seconds a step", "validation, code", "Correct answers", "model.list.0.a", "300 questions",
    ] { #expect(html.contains(part), "\(part)") }
    #expect(html.contains("model: 71.0%, 95 % interval 66.0%–76.0%"))
    #expect(html.components(separatedBy: "<svg").count == 9)
    #expect(html.contains("prefers-color-scheme: dark"))
  }

  @Test func emptyAndTinyRuns() throws {
    try check(RunReport.html([record("none", steps: 0)]))
    try check(RunReport.html([record("one", steps: 1)]))
    try check(RunReport.html([RunRecord(name: "bare", metrics: RunMetrics())]))
    try check(RunReport.html([RunRecord(name: "x", metrics: RunMetrics()), record("y", steps: 2)]))
    var odd = record("odd", steps: 40)
    for index in odd.metrics.steps.indices { odd.metrics.steps[index].gradientNorm = index % 2 == 0 ? .infinity : 0 }
    odd.metrics.steps[3].loss = 1e300
    odd.metrics.steps[4].loss = -1e-300
    odd.metrics.steps[5].tokensPerSecond = 1e300
    odd.metrics.steps[6].mfu = -5
    try check(RunReport.html([odd]))
  }

  @Test func comparedRuns() throws {
    let html = RunReport.html([record("small"), record("large", steps: 200), record("large", steps: 100)])
    try check(html)
    #expect(html.contains("3 runs compared") && html.contains("large (2)"))
    #expect(html.contains("Settings that differ") && html.contains("<code>general.run</code>"))
    #expect(!html.contains("<code>model.sizes</code>"))
    #expect(html.contains("Validation loss, code"))
  }

  @Test func longRunsStayReadable() throws {
    let html = RunReport.html([record("long", steps: 40_000)])
    try check(html)
    #expect(html.utf8.count < 1_500_000)
  }

  @Test func foldersAreRead() throws {
    let folder = try ScratchFolder()
    let run = folder.path.appendingPath("first")
    try Paths.createFolder(run)
    #expect(throws: FileError.self) { try RunRecord(folder: run) }
    #expect(throws: FileError.self) { try RunRecord(folder: folder.path.appendingPath("none")) }
    let source = record("first", steps: 20)
    let log = try MetricsLog(path: run.appendingPath("metrics.jsonl"))
    for each in source.metrics.steps { try log.append(each) }
    for each in source.metrics.validations { try log.append(each) }
    #expect(try RunRecord(folder: run).metrics.steps.count == 20)
    try AtomicFile.write(source.configuration ?? "", to: run.appendingPath("config.yaml"))
    let lines = source.samples.map { $0.json.serializedString() + "\n" }.joined()
    try AtomicFile.write(lines, to: run.appendingPath("samples.jsonl"))
    try AtomicFile.write(
      HeldOutResult.json(source.results).serializedString(), to: run.appendingPath("results.json"))
    let read = try RunRecord(folder: run)
    #expect(read.name == "first" && read.configuration == source.configuration)
    #expect(read.samples == source.samples && read.results == source.results)
    let summary = RunSummary(read)
    #expect(summary.steps == 20 && summary.tokens == 20 * 4096 && summary.validation.count == 2)
    #expect(abs(summary.trainingSeconds - 16) < 1e-9 && summary.peakBytes == read.metrics.steps[19].residentBytes)
    #expect(summary.json["validation"]?.arrayValue?.count == 2)
    try AtomicFile.write("{", to: run.appendingPath("results.json"))
    #expect(throws: (any Error).self) { try RunRecord(folder: run) }
  }
}
