import Foundation
import Reporting

extension EvaluationResults {
  /// One line a task and figure, for terminals; the first figure of a task is its main one.
  public var table: String {
    var table = TextTable([.left, .left, .right, .right, .left, .right, .left])
    table.add("task", "prompts", "shots", "questions", "figure", "value", "")
    table.rule()
    for row in rows {
      for (i, metric) in row.metrics.enumerated() {
        let error = metric.standardError.map { "± \(Self.shown($0, metric))" } ?? ""
        table.add(
          i == 0 ? row.name + (row.isAverage ? " (average)" : "") : "", i == 0 ? row.variant : "",
          i == 0 ? "\(row.fewShot)" : "", i == 0 ? Quantity.grouped(row.questions) : "", metric.name,
          Self.shown(metric.value, metric), error)
      }
    }
    return table.text
  }

  /// Shares as percentages, everything else as it is.
  static func shown(_ value: Double, _ metric: MetricValue) -> String {
    metric.higherIsBetter ? String(format: "%.2f%%", 100 * value) : String(format: "%.4f", value)
  }
}
