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

  /// The mean of the points around each: of a fortieth of them in the middle of the curve, of few near its start, so
  /// that a steep fall keeps its shape. Points that are not finite stay as they are.
  func smoothed(name: String) -> Curve {
    var sums = [0.0]
    var counts = [0]
    sums.reserveCapacity(points.count + 1)
    counts.reserveCapacity(points.count + 1)
    for point in points {
      let isFinite = point.y.isFinite && point.y.magnitude < 1e200
      sums.append(sums[sums.count - 1] + (isFinite ? point.y : 0))
      counts.append(counts[counts.count - 1] + (isFinite ? 1 : 0))
    }
    var result = self
    result.name = name
    result.style = .line
    for index in points.indices where counts[index + 1] > counts[index] {
      let reach = min(max(1, points.count / 80), index / 8)
      let low = index - reach
      let high = min(points.count, index + reach + 1)
      result.points[index].y = (sums[high] - sums[low]) / Double(counts[high] - counts[low])
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
