import Foundation

/// A named line of a chart.
struct Curve {
  enum Style {
    /// A full line.
    case line
    /// A thin, faint line behind another: the raw values of a smoothed one.
    case faint
    /// A line with a dot at each point.
    case dotted
  }

  var name: String
  /// Index of its colour.
  var color: Int
  var style: Style
  /// Points with rising x; a y that is not finite breaks the line.
  var points: [(x: Double, y: Double)]

  /// The exponential moving average of the points, its weight spread over about a fiftieth of them.
  func smoothed(name: String) -> Curve {
    let span = max(1, Double(points.count) / 50)
    let keep = exp(-1 / span)
    var sum = 0.0
    var weight = 0.0
    var result = self
    result.name = name
    result.style = .line
    result.points = points.map { point in
      guard point.y.isFinite else { return point }
      sum = keep * sum + (1 - keep) * point.y
      weight = keep * weight + (1 - keep)
      return (point.x, sum / weight)
    }
    return result
  }

  /// At most about `limit` points that draw the same picture: the lowest and the highest of each stretch.
  func thinned(to limit: Int) -> Curve {
    guard points.count > limit, limit >= 4 else { return self }
    var result = self
    result.points = []
    let stretches = limit / 2
    for index in 0..<stretches {
      let range = (index * points.count / stretches)..<((index + 1) * points.count / stretches)
      let finite = range.filter { points[$0].y.isFinite }
      guard let low = finite.min(by: { points[$0].y < points[$1].y }),
        let high = finite.max(by: { points[$0].y < points[$1].y })
      else {
        result.points.append(points[range.lowerBound])
        continue
      }
      for each in low == high ? [low] : [min(low, high), max(low, high)] { result.points.append(points[each]) }
    }
    if let first = points.first, result.points.first?.x != first.x { result.points.insert(first, at: 0) }
    if let last = points.last, result.points.last?.x != last.x { result.points.append(last) }
    return result
  }

  /// The finite point nearest to `x`.
  func nearest(to x: Double) -> (x: Double, y: Double)? {
    var low = 0
    var high = points.count
    while low < high {
      let middle = (low + high) / 2
      if points[middle].x < x { low = middle + 1 } else { high = middle }
    }
    let near = [low, low - 1].filter { points.indices.contains($0) && points[$0].y.isFinite }
    return near.min { abs(points[$0].x - x) < abs(points[$1].x - x) }.map { points[$0] }
  }
}
