import Formats
import Foundation
import Reporting

/// What a sweep found, as far as it came.
public struct RateSweepOutcome: Sendable {
  /// The runs that ended, in the order of the sweep.
  public var trials: [RateSweep.Trial] = []
  /// Whether nothing is left to train.
  public var isComplete = false
  /// The seed of the runs that the rates are compared by.
  let seed: Int

  init(seed: Int) { self.seed = seed }

  private var compared: [RateSweep.Trial] { trials.filter { $0.seed == seed } }

  /// The rates tried, rising.
  public var tried: [Double] { compared.map(\.rate).sorted() }

  /// The rate with the lowest loss; nil where every one diverged.
  public var best: RateSweep.Trial? {
    compared.filter { !$0.hasDiverged }.min { $0.loss < $1.loss }
  }

  /// The seeds that the best rate has been trained with.
  var seedsAtBest: [Int] { trials.filter { $0.rate == best?.rate }.map(\.seed) }

  /// Where the best rate is the lowest or the highest tried, the next one there by the same factor, twice or half where
  /// only one was tried; where all diverged, a lower one.
  var rateBeyondTheEdge: Double? {
    let tried = tried
    guard let low = tried.first, let high = tried.last else { return nil }
    let several = tried.count > 1
    var rate: Double?
    if best?.rate == high {
      rate = high * (several ? high / tried[tried.count - 2] : 2)
    } else if best == nil || best?.rate == low {
      rate = low / (several ? tried[1] / low : 2)
    }
    // Names of folders hold it.
    return rate.flatMap { Double(String(format: "%.6g", $0)) }.flatMap { $0.isNormal && !tried.contains($0) ? $0 : nil }
  }

  /// Whether a still lower or higher rate may be better.
  public var isAtEdge: Bool { rateBeyondTheEdge != nil }

  /// Mean and standard deviation of the losses at the best rate over the seeds that did not diverge; no deviation for
  /// one seed.
  public var atBest: (mean: Double, deviation: Double?, seeds: Int)? {
    guard let best else { return nil }
    let losses = trials.filter { $0.rate == best.rate && !$0.hasDiverged }.map(\.loss)
    let count = Double(losses.count)
    let mean = losses.reduce(0, +) / count
    let squares = losses.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, losses.count > 1 ? (squares / (count - 1)).squareRoot() : nil, losses.count)
  }

  private var sorted: [RateSweep.Trial] { trials.sorted { ($0.rate, $0.seed) < ($1.rate, $1.seed) } }

  private var measure: String {
    trials.contains(where: \.isValidated)
      ? "validation loss after the last update" : "mean training loss of the last tenth of the updates"
  }

  /// A table of the runs and what follows from them.
  public var text: String {
    var table = TextTable([.right, .right, .right, .right])
    table.add("rate", "seed", "loss", "tokens/s")
    table.rule()
    for trial in sorted {
      let speed = RunSummary(trial.record).tokensPerSecond
      table.add(
        "\(trial.rate)", "\(trial.seed)", trial.hasDiverged ? "diverged" : Quantity.number(trial.loss, digits: 5),
        speed.isFinite ? Quantity.count(Int(speed)) : "–")
    }
    return table.text + "loss: \(measure)\n\(verdict)\n"
  }

  private var verdict: String {
    guard let best, let atBest else { return "no rate among them trained without diverging" }
    var text = "best rate \(best.rate): \(Quantity.number(atBest.mean, digits: 5))"
    if let deviation = atBest.deviation {
      text += " ± \(Quantity.number(deviation, digits: 2)), mean and standard deviation of \(atBest.seeds) seeds"
    }
    guard isAtEdge else { return text }
    let (edge, way) = best.rate == tried.last ? ("highest", "higher") : ("lowest", "lower")
    return text + "\nwarning: it is the \(edge) rate tried; a \(way) one may be better"
  }

  /// The same figures.
  public var json: JSON {
    func figure(_ value: Double?) -> JSON { value.flatMap { $0.isFinite ? .number($0) : nil } ?? .null }
    return .object([
      "measure": .string(measure),
      "runs": .array(
        sorted.map { trial in
          .object([
            "run": .string(trial.record.name), "learning_rate": .number(trial.rate),
            "seed": .integer(Int64(trial.seed)),
            "loss": figure(trial.loss), "diverged": .bool(trial.hasDiverged),
            "tokens_per_second": figure(RunSummary(trial.record).tokensPerSecond),
          ])
        }),
      "best_learning_rate": figure(best?.rate), "mean": figure(atBest?.mean),
      "standard_deviation": figure(atBest?.deviation), "is_at_edge": .bool(best != nil && isAtEdge),
    ])
  }

  /// The picture.
  public var page: SweepPage {
    SweepPage(
      lead: "Loss: \(measure); \(verdict.replacing("\n", with: "; "))",
      points: sorted.map { .init(rate: $0.rate, isFirstSeed: $0.seed == seed, loss: $0.loss) },
      runs: sorted.map { trial in
        var record = trial.record
        record.name = "\(trial.rate), seed \(trial.seed)"
        return record
      })
  }
}
