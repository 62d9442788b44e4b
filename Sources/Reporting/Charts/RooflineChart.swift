import Foundation

/// What a machine can reach by operations a byte, and where pieces of work lie below it (Williams, Waterman and
/// Patterson, "Roofline", 2009). Both axes are logarithmic.
struct RooflineChart {
  var title: String
  /// Bytes a second of memory.
  var bytesPerSecond: Double
  /// Operations a second, by name, the highest first.
  var roofs: [(name: String, rate: Double)]
  /// Work with its operations a byte and its operations a second.
  var points: [(name: String, intensity: Double, rate: Double)]

  private let width = 1040.0
  private let height = 420.0
  private let left = 70.0
  private let bottom = 40.0

  /// The chart with its title; the points are named beneath it.
  var html: String {
    let rates = points.map(\.rate) + roofs.map(\.rate)
    let ridge = (roofs.first?.rate ?? 1) / bytesPerSecond
    let lowest = min(points.map(\.intensity).min() ?? ridge, ridge) / 4
    let highest = max(points.map(\.intensity).max() ?? ridge, ridge) * 4
    let x = Axis([lowest, highest], scale: .logarithmic, count: 8)
    let y = Axis(rates + [lowest * bytesPerSecond], scale: .logarithmic, count: 6)
    func place(_ intensity: Double, _ rate: Double) -> (x: String, y: String)? {
      guard let across = x.position(intensity), let up = y.position(rate) else { return nil }
      let place = (left + across * (width - left - 16), 14 + (1 - up) * (height - 14 - bottom))
      return (HTML.number(place.0), HTML.number(place.1))
    }
    var out = "<figure class=\"chart large\"><figcaption>\(HTML.escape(title))</figcaption>\n"
    out += "<svg viewBox=\"0 0 \(HTML.number(width)) \(HTML.number(height))\" role=\"img\" "
    out += "aria-label=\"\(HTML.escape(title))\">\n<g class=\"grid\">"
    for tick in y.ticks {
      guard let (_, at) = place(x.low, tick) else { continue }
      out += "<line x1=\"\(HTML.number(left))\" x2=\"\(HTML.number(width - 16))\" y1=\"\(at)\" y2=\"\(at)\"/>"
      out += "<text x=\"\(HTML.number(left - 8))\" y=\"\(at)\" dy=\"0.32em\" text-anchor=\"end\">"
      out += HTML.escape(Quantity.operations(tick)) + "</text>"
    }
    for tick in x.ticks {
      guard let (at, _) = place(tick, y.low) else { continue }
      out += "<text x=\"\(at)\" y=\"\(HTML.number(height - bottom + 17))\" text-anchor=\"middle\">"
      out += HTML.escape(Quantity.number(tick, digits: 2)) + "</text>"
    }
    out += "<text class=\"name\" x=\"\(HTML.number(width - 16))\" y=\"\(HTML.number(height - 5))\" "
    out += "text-anchor=\"end\">operations a byte of memory traffic</text></g>\n"
    for (index, roof) in roofs.enumerated() {
      let ridge = roof.rate / bytesPerSecond
      guard let foot = place(x.low, x.low * bytesPerSecond), let edge = place(ridge, roof.rate),
        let end = place(x.high, roof.rate)
      else { continue }
      out += "<g class=\"curve c\(index)\"><path d=\"M\(foot.x) \(foot.y)L\(edge.x) \(edge.y)L\(end.x) \(end.y)\"/></g>"
      out += "<text x=\"\(end.x)\" y=\"\(end.y)\" dy=\"-6\" text-anchor=\"end\">\(HTML.escape(roof.name))</text>\n"
    }
    for point in points {
      guard let at = place(point.intensity, point.rate) else { continue }
      out += "<g class=\"c2\"><circle cx=\"\(at.x)\" cy=\"\(at.y)\" r=\"4\"><title>\(HTML.escape(point.name))</title>"
      out += "</circle><text x=\"\(at.x)\" y=\"\(at.y)\" dx=\"7\" dy=\"0.32em\">\(HTML.escape(point.name))</text></g>\n"
    }
    return out + "</svg></figure>\n"
  }
}
