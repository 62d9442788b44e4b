/// The page that shows models' results on benchmarks side by side: a picture of the shares, a table of everything.
public struct BenchmarkPage: Sendable {
  /// A figure of a model, with the ends of its 95 % interval where they are known.
  public struct Figure: Sendable {
    public var value: Double
    public var low: Double?
    public var high: Double?

    /// Creates a figure.
    public init(value: Double, low: Double? = nil, high: Double? = nil) {
      self.value = value
      self.low = low
      self.high = high
    }
  }

  /// A benchmark.
  public struct Benchmark: Sendable {
    public var name: String
    /// What is shown, and of how many questions.
    public var note: String
    /// Whether figures are shares from 0 to 1, more being better; others are in the table only.
    public var isShare: Bool
    /// One for each model, nil where it was not asked.
    public var figures: [Figure?]

    /// Creates a benchmark.
    public init(name: String, note: String, isShare: Bool, figures: [Figure?]) {
      self.name = name
      self.note = note
      self.isShare = isShare
      self.figures = figures
    }
  }

  /// The models' names.
  public var models: [String]
  public var benchmarks: [Benchmark]

  /// Creates a page.
  public init(models: [String], benchmarks: [Benchmark]) {
    self.models = models
    self.benchmarks = benchmarks
  }

  /// The page: one file with nothing from outside.
  public var html: String {
    let names = ComparisonPage.distinctNames(models)
    let title = models.count == 1 ? "\(names[0]) on benchmarks" : "\(models.count) models on benchmarks"
    let groups = benchmarks.filter(\.isShare).map { benchmark in
      let bars = benchmark.figures.enumerated().compactMap { index, figure in
        figure.map {
          BarChart.Bar(name: names[index], color: index % 8, value: $0.value, low: $0.low, high: $0.high)
        }
      }
      return (name: benchmark.name, note: benchmark.note, bars: bars)
    }
    let chart = BarChart(title: "Right answers, with 95 % intervals", groups: groups)
    let body = "<h1>\(HTML.escape(title))</h1>\n\(chart.html)<h2>All figures</h2>\n\(table(names))"
    return HTML.page(title: title, body: body)
  }

  private func table(_ names: [String]) -> String {
    var rows = "<tr><th>benchmark</th><th></th>"
    rows += names.map { "<th class=\"figure\">\(HTML.escape($0))</th>" }.joined() + "</tr>\n"
    for benchmark in benchmarks {
      rows += "<tr><td>\(HTML.escape(benchmark.name))</td><td>\(HTML.escape(benchmark.note))</td>"
      for figure in benchmark.figures {
        rows += "<td class=\"figure\">\(figure.map { shown($0, benchmark) } ?? "–")</td>"
      }
      rows += "</tr>\n"
    }
    return "<div class=\"card\"><table>\(rows)</table></div>\n"
  }

  private func shown(_ figure: Figure, _ benchmark: Benchmark) -> String {
    let scale = benchmark.isShare ? 100.0 : 1
    let half = figure.high.map { ($0 - figure.value) * scale }
    let value = Quantity.number(figure.value * scale, digits: 4) + (benchmark.isShare ? "%" : "")
    return value + (half.map { " ± " + Quantity.number($0, digits: 2) } ?? "")
  }
}
