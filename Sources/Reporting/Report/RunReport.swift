import Foundation

/// `report.html` of one run or of several: one file, curves as pictures, nothing from outside.
public enum RunReport {
  /// The page of one run, or a comparison of more.
  public static func html(_ runs: [RunRecord]) -> String {
    runs.count == 1 ? SingleRunPage(run: runs[0]).html : ComparisonPage(runs: runs).html
  }
}

/// Number formats of the charts.
enum ChartFormat {
  static func loss(_ value: Double) -> String {
    value.isFinite ? Quantity.number(value, digits: value >= 10 ? 3 : 4) : "–"
  }
  static func short(_ value: Double) -> String { Quantity.number(value, digits: 3) }
  static func count(_ value: Double) -> String {
    value.isFinite ? Quantity.count(Int(min(1e18, max(0, value)))) : "–"
  }
  static func percent(_ value: Double) -> String { Quantity.number(value, digits: 3) + "%" }
  static func gibibytes(_ value: Double) -> String { Quantity.number(value, digits: 3) + " GiB" }
  static func rate(_ value: Double) -> String { value == 0 ? "0" : String(format: "%.2e", value) }
  static func seconds(_ value: Double) -> String { Quantity.number(value, digits: 3) + " s" }
}

/// Whether values differ by so much that only a logarithmic axis shows them all.
func spansDecades(_ values: [Double], ratio: Double) -> Bool {
  let positive = values.filter { $0.isFinite && $0 > 0 }
  guard let low = positive.min(), let high = positive.max(), positive.count == values.filter(\.isFinite).count else {
    return false
  }
  return high / low > ratio
}
