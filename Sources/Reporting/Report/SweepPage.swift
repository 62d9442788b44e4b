/// The page of a sweep over the learning rate: the loss over the rate, then the runs laid over each other.
public struct SweepPage: Sendable {
  /// Where a run ended.
  public struct Point: Sendable {
    public var rate: Double
    /// Whether its seed is the one that the rates are compared by.
    public var isFirstSeed: Bool
    /// Not finite where the run diverged.
    public var loss: Double

    /// Creates a point.
    public init(rate: Double, isFirstSeed: Bool, loss: Double) {
      (self.rate, self.isFirstSeed, self.loss) = (rate, isFirstSeed, loss)
    }
  }

  /// What was found, in a sentence.
  public var lead: String
  /// By rising rates.
  public var points: [Point]
  public var runs: [RunRecord]

  /// Creates a page.
  public init(lead: String, points: [Point], runs: [RunRecord]) {
    (self.lead, self.points, self.runs) = (lead, points, runs)
  }

  /// The page: one file with nothing from outside.
  public var html: String {
    let first = points.filter(\.isFirstSeed).map { (x: $0.rate, y: $0.loss) }
    let others = points.filter { !$0.isFirstSeed }.map { (x: $0.rate, y: $0.loss) }
    let chart = LineChart(
      title: "Loss over the learning rate", xName: "learning rate",
      curves: [
        Curve(name: "first seed", color: 0, style: .dotted, points: first),
        Curve(name: "other seeds", color: 1, style: .dotted, points: others),
      ], isLarge: true, hasLogarithmicX: true, format: ChartFormat.loss, xFormat: ChartFormat.short)
    let heading = "<h1>Learning rates</h1>\n<p class=\"lead\">\(HTML.escape(lead))</p>\n"
    return HTML.page(
      title: "Learning rates",
      body: heading + "<div class=\"charts\">\n\(chart.html)</div>\n" + ComparisonPage(runs: runs).body)
  }
}
