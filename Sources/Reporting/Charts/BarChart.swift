/// Horizontal bars in groups, each with its value and, where known, its 95 % interval, as inline SVG.
struct BarChart {
  struct Bar {
    var name: String
    var color: Int
    /// From 0 to 1, or to the chart's maximum.
    var value: Double
    var low: Double?
    var high: Double?
  }

  var title: String
  var groups: [(name: String, note: String, bars: [Bar])]
  /// What the axis ends at where values are plain numbers; without it they are shares, shown in percent.
  var maximum: Double?

  private let width = 1040.0
  private let left = 180.0
  private let right = 70.0
  private let barHeight = 15.0
  private let gap = 18.0

  var html: String {
    guard groups.contains(where: { !$0.bars.isEmpty }) else { return "" }
    var names: [(name: String, color: Int)] = []
    for bar in groups.flatMap(\.bars) where !names.contains(where: { $0.name == bar.name }) {
      names.append((bar.name, bar.color))
    }
    let keys = names.map { "<span class=\"key c\($0.color)\">\(HTML.escape($0.name))</span>" }.joined()
    var y = 8.0
    var body = ""
    for group in groups {
      let middle = y + Double(group.bars.count) * (barHeight + 3) / 2
      body += "<text class=\"group\" x=\"0\" y=\"\(HTML.number(middle - 4))\">\(HTML.escape(group.name))</text>"
      body += "<text class=\"name\" x=\"0\" y=\"\(HTML.number(middle + 11))\">\(HTML.escape(group.note))</text>"
      for bar in group.bars {
        body += draw(bar, y: y)
        y += barHeight + 3
      }
      y += gap
    }
    let height = y + 14
    var axis = ""
    for tick in stride(from: 0.0, through: 1, by: 0.25) {
      let at = HTML.number(left + tick * (width - left - right))
      axis += "<line x1=\"\(at)\" x2=\"\(at)\" y1=\"0\" y2=\"\(HTML.number(height - 20))\"/>"
      axis += "<text x=\"\(at)\" y=\"\(HTML.number(height - 5))\" text-anchor=\"middle\">\(mark(tick))</text>"
    }
    return """
      <figure class="chart large"><figcaption>\(HTML.escape(title))<span class="legend">\(keys)</span></figcaption>
      <svg viewBox="0 0 \(HTML.number(width)) \(HTML.number(height))" role="img" aria-label="\(HTML.escape(title))">
      <g class="grid">\(axis)\(body.isEmpty ? "" : "</g><g class=\"bars\">" + body)</g></svg></figure>

      """
  }

  private func draw(_ bar: Bar, y: Double) -> String {
    let span = width - left - right
    let value = bar.value.isFinite ? min(1, max(0, bar.value / (maximum ?? 1))) : 0
    let label = maximum == nil ? Self.percent(value) : Quantity.number(bar.value, digits: 3)
    var detail = "\(bar.name): \(label)"
    var out = "<g class=\"c\(bar.color)\"><rect x=\"\(HTML.number(left))\" y=\"\(HTML.number(y))\" rx=\"2\" "
    out += "width=\"\(HTML.number(max(1, value * span)))\" height=\"\(HTML.number(barHeight))\">"
    var end = value
    var whisker = ""
    if maximum == nil, let low = bar.low, let high = bar.high, low.isFinite, high.isFinite, (-1...2).contains(low),
      (-1...2).contains(high)
    {
      detail += ", 95 % interval \(Self.percent(low))–\(Self.percent(high))"
      end = max(value, min(1, high))
      let (a, b) = (HTML.number(left + max(0, low) * span), HTML.number(left + end * span))
      let middle = y + barHeight / 2
      whisker = "<path class=\"whisker\" d=\"M\(a) \(HTML.number(middle))H\(b)M\(a) \(HTML.number(middle - 4))v8"
      whisker += "M\(b) \(HTML.number(middle - 4))v8\"/>"
    }
    out += "<title>\(HTML.escape(detail))</title></rect>\(whisker)</g>"
    out += "<text x=\"\(HTML.number(left + end * span + 8))\" y=\"\(HTML.number(y + barHeight / 2))\" dy=\"0.34em\">"
    return out + "\(label)</text>"
  }

  /// What stands at a share of the axis.
  private func mark(_ share: Double) -> String {
    maximum.map { Quantity.number(share * $0, digits: 2) } ?? "\(Int(share * 100))%"
  }

  private static func percent(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    return "\(tenths / 10).\(abs(tenths % 10))%"
  }
}
