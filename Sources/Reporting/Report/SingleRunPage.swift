/// The page of one run.
struct SingleRunPage {
  let run: RunRecord

  var html: String {
    let summary = RunSummary(run)
    var body = "<h1>\(HTML.escape(run.name))</h1>\n"
    body += "<p class=\"lead\">\(HTML.escape(lead(summary)))</p>\n" + tiles(summary)
    body += "<div class=\"charts\">\n" + lossChart.html
    for chart in smallCharts { body += chart.html }
    body += "</div>\n" + results + samples + configuration
    return HTML.page(title: run.name, body: body)
  }

  private func lead(_ summary: RunSummary) -> String {
    guard summary.steps > 0 else { return "No step has been measured yet." }
    return "\(Quantity.grouped(summary.steps)) steps, \(Quantity.count(summary.tokens)) tokens, "
      + "\(Quantity.duration(summary.trainingSeconds)) of training"
  }

  private func tiles(_ summary: RunSummary) -> String {
    var tiles: [(String, String)] = [(ChartFormat.loss(summary.finalLoss), "training loss")]
    for row in summary.validation.prefix(3) {
      let name = summary.validation.count > 1 ? "validation, \(row.source)" : "validation loss"
      tiles.append((ChartFormat.loss(row.loss), name))
    }
    if let bits = summary.validation.compactMap(\.bitsPerByte).first, summary.validation.count == 1 {
      tiles.append((ChartFormat.loss(bits), "bits per byte"))
    }
    tiles.append((Quantity.count(summary.tokens), "tokens"))
    tiles.append((ChartFormat.count(summary.tokensPerSecond), "tokens per second"))
    if let mfu = summary.mfu { tiles.append((ChartFormat.percent(100 * mfu), "MFU")) }
    if let noise = summary.noiseScale { tiles.append((ChartFormat.count(noise), "gradient noise scale, tokens")) }
    tiles.append((Quantity.bytes(summary.peakBytes), "peak memory"))
    let cells = tiles.map { "<div class=\"tile\"><b>\(HTML.escape($0.0))</b><span>\(HTML.escape($0.1))</span></div>" }
    return "<div class=\"tiles\">\(cells.joined())</div>\n"
  }

  private func curve(_ value: (TrainingStepMetrics) -> Double, name: String = "", color: Int) -> Curve {
    let points = run.metrics.steps.map { (x: Double($0.step), y: value($0)) }
    return Curve(name: name, color: color, style: .line, points: points)
  }

  private var lossChart: LineChart {
    var raw = curve(\.loss, name: "each step", color: 0)
    raw.style = .faint
    var curves = [raw, raw.smoothed(name: "training")]
    for (index, source) in run.metrics.sources.enumerated() {
      let rows = run.metrics.validations.filter { $0.source == source && $0.step > 0 }
      let name = run.metrics.sources.count > 1 ? "validation, \(source)" : "validation"
      let points = rows.map { (x: Double($0.step), y: $0.loss) }
      curves.append(Curve(name: name, color: 1 + index % 7, style: .dotted, points: points))
    }
    return LineChart(
      title: "Loss, nats per token", xName: "step", curves: curves, isLarge: true,
      isLogarithmic: spansDecades(curves.flatMap { $0.points.map(\.y) }, ratio: 2.5), format: ChartFormat.loss)
  }

  private var smallCharts: [LineChart] {
    func smoothed(_ title: String, _ value: (TrainingStepMetrics) -> Double, color: Int,
      format: @escaping (Double) -> String) -> LineChart
    {
      var raw = curve(value, name: "each step", color: color)
      raw.style = .faint
      return LineChart(
        title: title, xName: "step", curves: [raw, raw.smoothed(name: "smoothed")], startsAtZero: true, format: format)
    }
    var norm = smoothed("Gradient norm before clipping", \.gradientNorm, color: 3, format: ChartFormat.short)
    norm.isLogarithmic = spansDecades(run.metrics.steps.map(\.gradientNorm), ratio: 20)
    let rate = LineChart(
      title: "Learning rate", xName: "step", curves: [curve(\.learningRate, color: 2)], startsAtZero: true,
      format: ChartFormat.rate)
    var charts = [rate, norm] + batchCharts
    charts += [smoothed("Tokens per second", \.tokensPerSecond, color: 0, format: ChartFormat.count)]
    if run.metrics.steps.contains(where: { $0.mfu != nil }) {
      charts.append(
        smoothed("MFU: share of the matrix rate", { 100 * ($0.mfu ?? .nan) }, color: 5, format: ChartFormat.percent))
    }
    let memory = LineChart(
      title: "Resident memory", xName: "step", curves: [curve({ Double($0.residentBytes) / 1_073_741_824 }, color: 7)],
      startsAtZero: true, format: ChartFormat.gibibytes)
    let step = curve(\.stepSeconds, name: "whole step", color: 6).smoothed(name: "whole step")
    let wait = curve(\.dataWaitSeconds, name: "", color: 4).smoothed(name: "waiting for data")
    let time = LineChart(
      title: "Seconds a step", xName: "step", curves: [step, wait], startsAtZero: true, format: ChartFormat.seconds)
    return charts + [memory, time] + routingCharts
  }

  /// How evenly experts are used, a curve a layer; of many layers some, evenly spaced.
  private var routingCharts: [LineChart] {
    let all = run.metrics.steps.map { $0.routing.count }.max() ?? 0
    guard all > 0 else { return [] }
    let most = 6
    let shown = all <= most ? Array(0..<all) : (0..<most).map { $0 * (all - 1) / (most - 1) }
    func curves(_ value: (RoutingMetrics) -> Double) -> [Curve] {
      shown.enumerated().map { color, index in
        let rows = run.metrics.steps.filter { index < $0.routing.count }
        let layer = rows.last?.routing[index].layer ?? index
        return Curve(
          name: "layer \(layer)", color: color, style: .line,
          points: rows.map { (x: Double($0.step), y: value($0.routing[index])) })
      }
    }
    return [
      LineChart(
        title: "Busiest expert over the mean", xName: "step", curves: curves(\.largestOverMean), startsAtZero: true,
        format: ChartFormat.short),
      LineChart(
        title: "Entropy of the experts' use, 1 is even", xName: "step", curves: curves(\.entropy), startsAtZero: true,
        format: ChartFormat.short),
    ]
  }

  /// Tokens of each update where they vary, beside the gradient noise scale where it was measured.
  private var batchCharts: [LineChart] {
    let rows = run.metrics.steps
    var curves: [Curve] = []
    let noise = NoiseScale(rows).points
    let pairs = zip(rows, rows.dropFirst()).filter { $1.step - $0.step == 1 }
    let batches = pairs.map { (x: Double($1.step), y: Double($1.tokens - $0.tokens)) }
    guard !noise.isEmpty || Set(batches.map(\.y)).count > 1 else { return [] }
    curves.append(Curve(name: "tokens an update", color: 2, style: .line, points: batches))
    if !noise.isEmpty { curves.append(Curve(name: "gradient noise scale", color: 1, style: .line, points: noise)) }
    return [
      LineChart(
        title: noise.isEmpty ? "Tokens an update" : "Batch and gradient noise scale, tokens", xName: "step",
        curves: curves, startsAtZero: true, format: ChartFormat.count)
    ]
  }

  private var results: String {
    guard !run.results.isEmpty else { return "" }
    var names: [String] = []
    for score in run.results.flatMap(\.scores) where !names.contains(score.name) { names.append(score.name) }
    let groups = run.results.map { result in
      let bars = result.scores.map { score in
        BarChart.Bar(
          name: score.name, color: [0, 8, 9][min(2, names.firstIndex(of: score.name) ?? 0)],
          value: score.accuracy, low: score.low, high: score.high)
      }
      return (name: result.task, note: "\(Quantity.grouped(result.questions)) questions", bars: bars)
    }
    let chart = BarChart(title: "Correct answers, with 95 % intervals", groups: groups)
    return "<h2>Held-out questions</h2>\n" + chart.html
  }

  private var samples: String {
    guard let last = run.samples.map(\.step).max() else { return "" }
    let shown = run.samples.filter { $0.step == last }.prefix(8).map { sample in
      "<div class=\"card sample\"><em>\(HTML.escape(sample.prompt))</em>\(HTML.escape(sample.completion))</div>\n"
    }
    return "<h2>What it writes after \(Quantity.grouped(last)) steps</h2>\n\(shown.joined())"
  }

  private var configuration: String {
    guard let text = run.configuration else { return "" }
    let rows = FlatConfiguration(yaml: text).entries.map {
      "<tr><td><code>\(HTML.escape($0.key))</code></td><td><code>\(HTML.escape($0.value))</code></td></tr>"
    }
    guard !rows.isEmpty else { return "" }
    return "<h2>Configuration</h2>\n<div class=\"card\"><details><summary>\(rows.count) settings</summary>"
      + "<div class=\"columns\"><table>\(rows.joined(separator: "\n"))</table></div></details></div>\n"
  }
}
