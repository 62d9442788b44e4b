/// The page that lays the curves of several runs over each other.
struct ComparisonPage {
  let runs: [RunRecord]

  var html: String {
    let names = Self.distinctNames(runs.map(\.name))
    let title = "\(runs.count) runs compared"
    let lead = HTML.escape(names.joined(separator: ", "))
    return HTML.page(title: title, body: "<h1>\(title)</h1>\n<p class=\"lead\">\(lead)</p>\n" + body)
  }

  /// Tables and curves, without a heading.
  var body: String {
    let names = Self.distinctNames(runs.map(\.name))
    var body = summaries(names) + "<div class=\"charts\">\n"
    for chart in charts(names) { body += chart.html }
    return body + "</div>\n" + results(names) + differences(names)
  }

  /// Two runs of one name are told apart by a number.
  static func distinctNames(_ names: [String]) -> [String] {
    var seen: [String: Int] = [:]
    return names.map { name in
      seen[name, default: 0] += 1
      return seen[name] == 1 ? name : "\(name) (\(seen[name] ?? 0))"
    }
  }

  private func summaries(_ names: [String]) -> String {
    let all = runs.map { RunSummary($0) }
    var sources: [String] = []
    for row in all.flatMap(\.validation) where !sources.contains(row.source) { sources.append(row.source) }
    let heads =
      ["steps", "tokens", "training loss"] + sources.map { "validation \($0)" } + ["tokens/s", "MFU", "memory", "time"]
    var rows = "<tr><th>run</th>" + heads.map { "<th class=\"figure\">\(HTML.escape($0))</th>" }.joined() + "</tr>\n"
    for (index, summary) in all.enumerated() {
      let losses = sources.map { source in
        summary.validation.first { $0.source == source }.map { ChartFormat.loss($0.loss) } ?? "–"
      }
      let cells =
        [Quantity.grouped(summary.steps), Quantity.count(summary.tokens), ChartFormat.loss(summary.finalLoss)] + losses
        + [
          ChartFormat.count(summary.tokensPerSecond), summary.mfu.map { ChartFormat.percent(100 * $0) } ?? "–",
          Quantity.bytes(summary.peakBytes), Quantity.duration(summary.trainingSeconds),
        ]
      rows += "<tr><td><span class=\"swatch c\(index % 8)\"></span>\(HTML.escape(names[index]))</td>"
      rows += cells.map { "<td class=\"figure\">\(HTML.escape($0))</td>" }.joined() + "</tr>\n"
    }
    return "<div class=\"card\"><table>\(rows)</table></div>\n"
  }

  private func charts(_ names: [String]) -> [LineChart] {
    func curves(_ value: (TrainingStepMetrics) -> Double) -> [Curve] {
      runs.enumerated().map { index, run in
        let points = run.metrics.steps.map { (x: Double($0.tokens), y: value($0)) }
        return Curve(name: names[index], color: index % 8, style: .line, points: points).smoothed(name: names[index])
      }
    }
    func chart(_ title: String, _ curves: [Curve], large: Bool = false, format: @escaping (Double) -> String)
      -> LineChart
    {
      LineChart(title: title, xName: "tokens", curves: curves, isLarge: large, startsAtZero: !large, format: format)
    }
    var loss = chart("Training loss, smoothed", curves(\.loss), large: true, format: ChartFormat.loss)
    loss.isLogarithmic = spansDecades(loss.curves.flatMap { $0.points.map(\.y) }, ratio: 2.5)
    var all = [loss]
    var sources: [String] = []
    for source in runs.flatMap(\.metrics.sources) where !sources.contains(source) { sources.append(source) }
    for source in sources {
      let lines = runs.enumerated().map { index, run in
        let rows = run.metrics.validations.filter { $0.source == source && $0.step > 0 }
        let points = rows.map { (x: Double(Self.tokens(of: $0.step, in: run)), y: $0.loss) }
        return Curve(name: names[index], color: index % 8, style: .dotted, points: points)
      }
      var validation = chart(
        sources.count > 1 ? "Validation loss, \(source)" : "Validation loss", lines, large: sources.count == 1,
        format: ChartFormat.loss)
      validation.startsAtZero = false
      validation.isLogarithmic = spansDecades(lines.flatMap { $0.points.map(\.y) }, ratio: 2.5)
      all.append(validation)
    }
    var norm = chart("Gradient norm, smoothed", curves(\.gradientNorm), format: ChartFormat.short)
    norm.isLogarithmic = spansDecades(norm.curves.flatMap { $0.points.map(\.y) }, ratio: 20)
    all.append(norm)
    all.append(chart("Tokens per second, smoothed", curves(\.tokensPerSecond), format: ChartFormat.count))
    return all
  }

  /// Tokens consumed when `step` ended.
  private static func tokens(of step: Int, in run: RunRecord) -> Int {
    let rows = run.metrics.steps
    var low = 0
    var high = rows.count
    while low < high {
      let middle = (low + high) / 2
      if rows[middle].step <= step { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? rows[low - 1].tokens : 0
  }

  private func results(_ names: [String]) -> String {
    var tasks: [(name: String, questions: Int)] = []
    for result in runs.flatMap(\.results) where !tasks.contains(where: { $0.name == result.task }) {
      tasks.append((result.task, result.questions))
    }
    guard !tasks.isEmpty else { return "" }
    let groups = tasks.map { task in
      let bars = runs.enumerated().compactMap { index, run -> BarChart.Bar? in
        guard let score = run.results.first(where: { $0.task == task.name })?.scores.first else { return nil }
        return BarChart.Bar(
          name: names[index], color: index % 8, value: score.accuracy, low: score.low, high: score.high)
      }
      return (name: task.name, note: "\(Quantity.grouped(task.questions)) questions", bars: bars)
    }
    return "<h2>Held-out questions</h2>\n"
      + BarChart(title: "Correct answers, with 95 % intervals", groups: groups).html
  }

  private func differences(_ names: [String]) -> String {
    let all = runs.map { FlatConfiguration(yaml: $0.configuration ?? "") }
    var keys: [String] = []
    var known: Set<String> = []
    for entry in all.flatMap(\.entries) where known.insert(entry.key).inserted { keys.append(entry.key) }
    let tables = all.map { Dictionary($0.entries.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first }) }
    let differing = keys.filter { key in Set(tables.map { $0[key] ?? "" }).count > 1 }
    guard !differing.isEmpty else { return "" }
    var rows = "<tr><th>setting</th>" + names.map { "<th>\(HTML.escape($0))</th>" }.joined() + "</tr>\n"
    for key in differing {
      rows += "<tr><td><code>\(HTML.escape(key))</code></td>"
      rows += tables.map { "<td><code>\(HTML.escape($0[key] ?? "–"))</code></td>" }.joined() + "</tr>\n"
    }
    return "<h2>Settings that differ</h2>\n<div class=\"card\"><table>\(rows)</table></div>\n"
  }
}
