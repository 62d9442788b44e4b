public import Formats

/// The figures of a run that fit into one line of a table.
public struct RunSummary: Sendable, Equatable {
  public var name: String
  public var steps: Int
  public var tokens: Int
  /// Mean training loss of the last twentieth of the updates.
  public var finalLoss: Double
  /// Last validation loss of each source, in their order.
  public var validation: [ValidationMetrics]
  /// Median tokens a second.
  public var tokensPerSecond: Double
  /// Median MFU.
  public var mfu: Double?
  /// The gradient noise scale over the last quarter of its measurements, tokens.
  public var noiseScale: Double?
  /// Largest resident memory.
  public var peakBytes: Int
  /// Seconds of all updates together.
  public var trainingSeconds: Double

  /// Sums up a run.
  public init(_ run: RunRecord) {
    let rows = run.metrics.steps
    name = run.name
    steps = rows.last?.step ?? 0
    tokens = rows.last?.tokens ?? 0
    let tail = rows.suffix(max(1, rows.count / 20)).map(\.loss).filter(\.isFinite)
    finalLoss = tail.isEmpty ? .nan : tail.reduce(0, +) / Double(tail.count)
    validation = run.metrics.sources.compactMap { source in run.metrics.validations.last { $0.source == source } }
    tokensPerSecond = Self.median(rows.map(\.tokensPerSecond)) ?? .nan
    mfu = Self.median(rows.compactMap(\.mfu))
    let measured = NoiseScale(rows)
    noiseScale = measured.value(over: measured.count * 3 / 4..<measured.count)
    peakBytes = rows.map(\.residentBytes).max() ?? 0
    trainingSeconds = rows.map(\.stepSeconds).filter(\.isFinite).reduce(0, +)
  }

  /// The summary as JSON.
  public var json: JSON {
    .object([
      "run": .string(name), "steps": .integer(Int64(steps)), "tokens": .integer(Int64(tokens)),
      "final_loss": .figure(finalLoss), "tokens_per_second": .figure(tokensPerSecond),
      "mfu": mfu.map(JSON.figure) ?? .null, "noise_scale": noiseScale.map(JSON.figure) ?? .null, "peak_bytes": .integer(Int64(peakBytes)),
      "training_seconds": .figure(trainingSeconds), "validation": .array(validation.map(\.json)),
    ])
  }

  private static func median(_ values: [Double]) -> Double? {
    let sorted = values.filter(\.isFinite).sorted()
    return sorted.isEmpty ? nil : sorted[sorted.count / 2]
  }
}
