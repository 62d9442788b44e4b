/// A page with a machine's roofline, the work measured on it, and a table of that work.
public struct RooflinePage: Sendable {
  /// A piece of work.
  public struct Work: Sendable {
    public var name: String
    /// Seconds that it took.
    public var seconds: Double
    /// Multiplications and additions; 0 for work that only moves bytes, which is in the table and not in the picture.
    public var operations: Double
    /// Exponentials of a softmax or an activation.
    public var exponentials: Double
    /// Bytes of operands and results.
    public var bytes: Double

    /// Describes work.
    public init(name: String, seconds: Double, operations: Double, exponentials: Double = 0, bytes: Double) {
      self.name = name
      self.seconds = seconds
      self.operations = operations
      self.exponentials = exponentials
      self.bytes = bytes
    }
  }

  /// What the page is about.
  public var title: String
  /// Its second line, such as the processor's name.
  public var subtitle: String
  /// Operations a second of matrix products by precision, the highest first.
  public var roofs: [(name: String, rate: Double)]
  /// Bytes a second of a copy in memory.
  public var bytesPerSecond: Double
  /// What was measured.
  public var work: [Work]

  /// Collects what the page shows.
  public init(
    title: String, subtitle: String, roofs: [(name: String, rate: Double)], bytesPerSecond: Double, work: [Work]
  ) {
    self.title = title
    self.subtitle = subtitle
    self.roofs = roofs
    self.bytesPerSecond = bytesPerSecond
    self.work = work
  }

  /// The page: one file, no script.
  public var html: String {
    let points = work.filter { $0.operations > 0 && $0.bytes > 0 && $0.seconds > 0 }.map {
      (name: $0.name, intensity: $0.operations / $0.bytes, rate: $0.operations / $0.seconds)
    }
    let chart = RooflineChart(
      title: "Operations a second against operations a byte", bytesPerSecond: bytesPerSecond, roofs: roofs,
      points: points)
    var rows = ""
    for piece in work {
      let cells = [
        Quantity.number(piece.seconds * 1e3, digits: 3) + " ms",
        piece.operations > 0 ? Quantity.number(piece.operations / piece.seconds / 1e9, digits: 3) + " GFLOP/s" : "",
        Quantity.number(piece.bytes / piece.seconds / 1e9, digits: 3) + " GB/s",
      ]
      rows += "<tr><td>\(HTML.escape(piece.name))</td>"
      rows += cells.map { "<td class=\"figure\">\(HTML.escape($0))</td>" }.joined() + "</tr>\n"
    }
    let body = """
      <h1>\(HTML.escape(title))</h1>
      <p class="lead">\(HTML.escape(subtitle))</p>
      <div class="charts">\(chart.html)</div>
      <h2>What was measured</h2>
      <div class="card"><table>\(rows)</table></div>
      """
    return HTML.page(title: title, body: body)
  }
}
