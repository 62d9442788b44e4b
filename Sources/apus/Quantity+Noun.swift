import Reporting

extension Quantity {
  /// A count with its noun: `1 document`, `2,000 documents`.
  static func counted(_ value: Int, _ noun: String) -> String { "\(grouped(value)) \(noun)\(value == 1 ? "" : "s")" }
}
