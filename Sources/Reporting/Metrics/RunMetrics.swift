import Formats

/// All rows of a metrics file, in the order of their steps.
public struct RunMetrics: Sendable, Equatable {
  public var steps: [TrainingStepMetrics]
  public var validations: [ValidationMetrics]

  /// Creates metrics from rows.
  public init(steps: [TrainingStepMetrics] = [], validations: [ValidationMetrics] = []) {
    self.steps = steps
    self.validations = validations
  }

  /// Reads a metrics file. A last line without its newline, as a killed process leaves it, and rows of kinds that are
  /// unknown are passed over.
  ///
  /// - Throws: The error of a file that is missing or unreadable.
  public init(file path: String) throws {
    self.init()
    try MetricsLines.forEach(inFile: path) { _, row in
      switch row?["kind"]?.stringValue {
      case "train":
        if let row, let metrics = TrainingStepMetrics(row) { steps.append(metrics) }
      case "validation":
        if let row, let metrics = ValidationMetrics(row) { validations.append(metrics) }
      default: break
      }
      return true
    }
  }

  /// Names of the validation sources, in the order of their first appearance.
  public var sources: [String] {
    validations.reduce(into: []) { names, row in
      if !names.contains(row.source) { names.append(row.source) }
    }
  }

  /// Whether the last update failed because its loss or gradient was not finite.
  public var endsNonFinite: Bool {
    steps.last.map { !$0.loss.isFinite || !$0.gradientNorm.isFinite } ?? false
  }

  /// Mean over the sources of the validation loss after the last update; nil where nothing was validated then.
  public var finalValidationLoss: Double? {
    let losses = validations.filter { $0.step == steps.last?.step }.map(\.loss)
    return losses.isEmpty ? nil : losses.reduce(0, +) / Double(losses.count)
  }
}

/// Complete lines of a JSONL file.
enum MetricsLines {
  /// Calls `body` with the byte offset and the value of each line that ends in a newline, until it returns false. The
  /// value of a line that is no JSON is `nil`. Returns the offset after the last complete line that was visited.
  @discardableResult
  static func forEach(inFile path: String, _ body: (Int, JSON?) throws -> Bool) throws -> Int {
    let file = try MappedFile(path)
    // The mapping must outlive the bytes, which do not hold it.
    defer { withExtendedLifetime(file) {} }
    let bytes = file.bytes.bindMemory(to: UInt8.self)
    var start = 0
    while start < bytes.count, let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      let line = UnsafeBufferPointer(rebasing: bytes[start..<end])
      guard try body(start, try? JSON.parse(line, name: path)) else { break }
      start = end + 1
    }
    return start
  }
}
