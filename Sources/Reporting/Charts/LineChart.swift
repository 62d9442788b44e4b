import Foundation

/// A line chart as inline SVG, with values shown where the pointer is, and no script.
struct LineChart {
  var title: String
  /// What the x axis counts.
  var xName: String
  var curves: [Curve]
  var isLarge = false
  var isLogarithmic = false
  var hasLogarithmicX = false
  var startsAtZero = false
  /// Text of a y value.
  var format: (Double) -> String
  /// Text of an x value.
  var xFormat: (Double) -> String = { Quantity.count(Int($0)) }

  private var width: Double { isLarge ? 1040 : 510 }
  private var height: Double { isLarge ? 380 : 230 }
  private let left = 58.0
  private let top = 14.0
  private let bottom = 38.0
  private var right: Double { 16 }

  /// The chart with its title and legend.
  var html: String {
    let drawn = curves.filter { curve in curve.points.contains { $0.y.isFinite } }
    guard !drawn.isEmpty else { return "" }
    let values = drawn.flatMap { $0.points.map(\.y) }
    let y = Axis(
      values, scale: isLogarithmic ? .logarithmic : .linear, fromZero: startsAtZero, count: isLarge ? 6 : 4)
    let x = Axis(
      drawn.flatMap { $0.points.map(\.x) }, scale: hasLogarithmicX ? .logarithmic : .linear, fromZero: true,
      tight: true, count: isLarge ? 8 : 5)
    let size = isLarge ? "chart large" : "chart"
    var out = "<figure class=\"\(size)\"><figcaption>\(HTML.escape(title))\(legend(drawn))</figcaption>\n"
    out += "<svg viewBox=\"0 0 \(HTML.number(width)) \(HTML.number(height))\" role=\"img\" "
    out += "aria-label=\"\(HTML.escape(title))\">\n"
    out += grid(x, y)
    for curve in drawn { out += line(curve.thinned(to: isLarge ? 1400 : 700), x, y) }
    out += hover(drawn, x, y)
    return out + "</svg></figure>\n"
  }

  private func legend(_ curves: [Curve]) -> String {
    let named = curves.filter { !$0.name.isEmpty }
    guard named.count > 1 else { return "" }
    let keys = named.map { "<span class=\"key c\($0.color)\(faint($0))\">\(HTML.escape($0.name))</span>" }
    return "<span class=\"legend\">\(keys.joined())</span>"
  }

  private func faint(_ curve: Curve) -> String { curve.style == .faint ? " faint" : "" }

  private func place(_ point: (x: Double, y: Double), _ x: Axis, _ y: Axis) -> (x: Double, y: Double)? {
    guard let across = x.position(point.x), let up = y.position(point.y) else { return nil }
    return (left + across * (width - left - right), top + (1 - up) * (height - top - bottom))
  }

  private func grid(_ x: Axis, _ y: Axis) -> String {
    var out = "<g class=\"grid\">"
    for tick in y.ticks {
      guard let up = y.position(tick), (-0.001...1.001).contains(up) else { continue }
      let at = HTML.number(top + (1 - up) * (height - top - bottom))
      out += "<line x1=\"\(HTML.number(left))\" x2=\"\(HTML.number(width - right))\" y1=\"\(at)\" y2=\"\(at)\"/>"
      out += "<text x=\"\(HTML.number(left - 8))\" y=\"\(at)\" dy=\"0.32em\" text-anchor=\"end\">"
      out += HTML.escape(Quantity.trimmed(format(tick))) + "</text>"
    }
    let floor = HTML.number(height - bottom)
    for tick in x.ticks {
      guard let across = x.position(tick) else { continue }
      let at = HTML.number(left + across * (width - left - right))
      out += "<line class=\"tick\" x1=\"\(at)\" x2=\"\(at)\" y1=\"\(floor)\" y2=\"\(HTML.number(height - bottom + 4))\"/>"
      out += "<text x=\"\(at)\" y=\"\(HTML.number(height - bottom + 17))\" text-anchor=\"middle\">"
      out += HTML.escape(Quantity.trimmed(xFormat(tick))) + "</text>"
    }
    out += "<line class=\"axis\" x1=\"\(HTML.number(left))\" x2=\"\(HTML.number(width - right))\" y1=\"\(floor)\" "
    out += "y2=\"\(floor)\"/><text class=\"name\" x=\"\(HTML.number(width - right))\" y=\"\(HTML.number(height - 5))\" "
    return out + "text-anchor=\"end\">\(HTML.escape(xName))</text></g>\n"
  }

  private func line(_ curve: Curve, _ x: Axis, _ y: Axis) -> String {
    var path = ""
    var isPenDown = false
    var dots = ""
    for point in curve.points {
      guard let at = place(point, x, y) else {
        isPenDown = false
        continue
      }
      path += (isPenDown ? "L" : "M") + HTML.number(at.x) + " " + HTML.number(at.y)
      isPenDown = true
      if curve.style == .dotted, curve.points.count <= 60 {
        dots += "<circle cx=\"\(HTML.number(at.x))\" cy=\"\(HTML.number(at.y))\" r=\"2.6\"/>"
      }
    }
    return "<g class=\"curve c\(curve.color)\(faint(curve))\"><path d=\"\(path)\"/>\(dots)</g>\n"
  }

  /// Invisible columns; the one under the pointer shows a line, the curves' points and their values.
  private func hover(_ curves: [Curve], _ x: Axis, _ y: Axis) -> String {
    let columns = isLarge ? 104 : 51
    let step = (width - left - right) / Double(columns)
    var out = "<g class=\"hover\">"
    for column in 0..<columns {
      let middle = left + (Double(column) + 0.5) * step
      let wanted = x.value(at: (Double(column) + 0.5) / Double(columns))
      var marks = ""
      var rows: [(color: String, text: String)] = []
      var shown: Double?
      for curve in curves {
        guard let point = curve.nearest(to: wanted), let at = place(point, x, y) else { continue }
        shown = shown ?? point.x
        if curve.style != .faint {
          marks += "<circle class=\"c\(curve.color)\" cx=\"\(HTML.number(at.x))\" cy=\"\(HTML.number(at.y))\" r=\"3.5\"/>"
        }
        let name = curve.name.isEmpty ? "" : curve.name + "  "
        rows.append(("c\(curve.color)\(faint(curve))", name + format(point.y)))
      }
      guard let shown else { continue }
      let title = "\(xName) \(hasLogarithmicX ? xFormat(shown) : Quantity.grouped(Int(shown)))"
      let text = ([title] + rows.map(\.text)).map { Double($0.count) }.max() ?? 0
      let boxWidth = text * 6.3 + 16
      let boxLeft = middle + boxWidth + 12 > width - right ? middle - boxWidth - 10 : middle + 10
      out += "<g><rect class=\"hit\" x=\"\(HTML.number(middle - step / 2))\" y=\"0\" width=\"\(HTML.number(step))\" "
      out += "height=\"\(HTML.number(height - bottom))\"/><g class=\"tip\">"
      out += "<line x1=\"\(HTML.number(middle))\" x2=\"\(HTML.number(middle))\" y1=\"\(HTML.number(top))\" "
      out += "y2=\"\(HTML.number(height - bottom))\"/>\(marks)"
      out += "<rect x=\"\(HTML.number(max(0, boxLeft)))\" y=\"\(HTML.number(top))\" rx=\"4\" "
      out += "width=\"\(HTML.number(boxWidth))\" height=\"\(HTML.number(Double(rows.count + 1) * 16 + 10))\"/>"
      let textLeft = HTML.number(max(0, boxLeft) + 8)
      out += "<text x=\"\(textLeft)\" y=\"\(HTML.number(top + 17))\">\(HTML.escape(title))</text>"
      for (index, row) in rows.enumerated() {
        out += "<text class=\"\(row.color)\" x=\"\(textLeft)\" "
        out += "y=\"\(HTML.number(top + 33 + Double(index) * 16))\">\(HTML.escape(row.text))</text>"
      }
      out += "</g></g>\n"
    }
    return out + "</g>"
  }
}
