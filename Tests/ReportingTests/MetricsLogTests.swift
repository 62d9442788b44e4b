import Foundation
import Formats
import Reporting
import Testing

/// A folder that is removed at the end.
final class ScratchFolder {
  let path = FileManager.default.temporaryDirectory.path.appendingPath("apus-reporting-\(UUID().uuidString)")
  init() throws { try Paths.createFolder(path) }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

func row(_ step: Int, loss: Double? = nil, mfu: Double? = 0.3) -> TrainingStepMetrics {
  TrainingStepMetrics(
    step: step, tokens: step * 4096, loss: loss ?? 2 + 6 / Double(step), gradientNorm: 1 + 1 / Double(step),
    learningRate: 1e-3 / Double(step), tokensPerSecond: 5000 + Double(step % 7), mfu: mfu,
    residentBytes: 1 << 29 + step, stepSeconds: 0.8, dataWaitSeconds: 0.001)
}

@Suite struct MetricsLogTests {
  @Test func rowsSurviveWritingAndReading() throws {
    let folder = try ScratchFolder()
    let path = folder.path.appendingPath("metrics.jsonl")
    let log = try MetricsLog(path: path)
    try log.append(ValidationMetrics(step: 0, source: "web", loss: 9.5, bitsPerByte: 3.1))
    for step in 1...5 { try log.append(row(step, mfu: step == 2 ? nil : 0.25)) }
    try log.append(ValidationMetrics(step: 5, source: "a \"quoted\"\nname", loss: 2.5))
    try log.synchronize()
    let metrics = try RunMetrics(file: path)
    #expect(metrics.steps == (1...5).map { row($0, mfu: $0 == 2 ? nil : 0.25) })
    #expect(metrics.validations.map(\.loss) == [9.5, 2.5] && metrics.sources == ["web", "a \"quoted\"\nname"])
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 7)
    #expect(try JSON.parse(String(lines[1]))["grad_norm"]?.doubleValue == 2)
  }

  @Test func routingSurvivesWritingAndReading() throws {
    let folder = try ScratchFolder()
    let path = folder.path.appendingPath("metrics.jsonl")
    var routed = row(1)
    routed.routing = [
      RoutingMetrics(layer: 1, largestOverMean: 1.25, entropy: 0.75), RoutingMetrics(layer: 3, largestOverMean: 4, entropy: 0),
    ]
    try MetricsLog(path: path).append(routed)
    let metrics = try RunMetrics(file: path)
    #expect(metrics.steps == [routed])
    var record = try RunRecord(folder: folder.path)
    record.name = "routed"
    let html = RunReport.html([record])
    #expect(html.contains("Busiest expert over the mean") && html.contains("layer 3"))
  }

  @Test func infiniteLossesAreReadAsNotANumber() throws {
    let folder = try ScratchFolder()
    let path = folder.path.appendingPath("metrics.jsonl")
    try MetricsLog(path: path).append(row(1, loss: .infinity))
    let read = try RunMetrics(file: path).steps
    #expect(read.count == 1 && read[0].loss.isNaN && read[0].tokens == 4096)
  }

  /// Whatever prefix of the file a kill leaves, reading and continuing work and lose only the cut row.
  @Test func everyPrefixOfTheFileCanBeContinued() throws {
    let folder = try ScratchFolder()
    let path = folder.path.appendingPath("metrics.jsonl")
    let log = try MetricsLog(path: path)
    for step in 1...3 { try log.append(row(step)) }
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for length in stride(from: 0, through: whole.count, by: 7) {
      let cut = whole.prefix(length)
      try cut.write(to: URL(fileURLWithPath: path))
      let complete = cut.filter { $0 == UInt8(ascii: "\n") }.count
      #expect(try RunMetrics(file: path).steps.count == complete)
      let continued = try MetricsLog(path: path)
      try continued.append(row(complete + 1))
      #expect(try RunMetrics(file: path).steps.map(\.step) == Array(1...(complete + 1)))
    }
  }

  @Test func continuingCutsLaterRows() throws {
    let folder = try ScratchFolder()
    let path = folder.path.appendingPath("metrics.jsonl")
    let log = try MetricsLog(path: path)
    for step in 1...6 {
      try log.append(row(step))
      if step % 2 == 0 { try log.append(ValidationMetrics(step: step, source: "web", loss: 3)) }
    }
    let continued = try MetricsLog(path: path, continuingAfter: 4)
    try continued.append(row(5))
    let metrics = try RunMetrics(file: path)
    #expect(metrics.steps.map(\.step) == [1, 2, 3, 4, 5] && metrics.validations.map(\.step) == [2, 4])
    _ = try MetricsLog(path: path, continuingAfter: 0)
    #expect(try RunMetrics(file: path) == RunMetrics())
  }

  @Test func garbageIsPassedOver() throws {
    let folder = try ScratchFolder()
    let path = folder.path.appendingPath("metrics.jsonl")
    let text = "\u{0}\n{\"kind\": 5}\n[]\n{\"kind\": \"train\"}\n{\"kind\":\"train\",\"step\":-1,\"tokens\":1}\nnope\n"
    try AtomicFile.write(text + "{\"kind\":\"train\",\"step\":9,\"tokens\":1e30}\n", to: path)
    #expect(try RunMetrics(file: path) == RunMetrics())
    #expect(throws: (any Error).self) { try RunMetrics(file: folder.path.appendingPath("none")) }
    #expect(throws: (any Error).self) { try MetricsLog(path: folder.path.appendingPath("none/metrics.jsonl")) }
  }
}
