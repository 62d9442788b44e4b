/// Where a checkpoint holds a parameter that is not a tensor of its own name and shape there: in another order, or as a
/// part of a tensor that several parameters share.
///
/// Element `(row, column)` of the parameter, whose rows are its first dimension, is element
/// `first + order[row] * rowStride + column * columnStride` of the tensor.
public struct StoredPlace: Sendable, Equatable {
  /// The name of the whole tensor.
  public var tensor: String
  /// Its shape.
  public var shape: [Int]
  /// The tensor's element that is the parameter's first.
  public var first: Int
  /// Elements of the tensor from one row of the parameter to the next, and from one column to the next.
  public var rowStride, columnStride: Int
  /// Which of the tensor's rows each row of the parameter is; nil: the same.
  public var order: [Int]?

  /// A part of a tensor.
  public init(
    tensor: String, shape: [Int], first: Int = 0, rowStride: Int, columnStride: Int = 1, order: [Int]? = nil
  ) {
    (self.tensor, self.shape, self.first) = (tensor, shape, first)
    (self.rowStride, self.columnStride, self.order) = (rowStride, columnStride, order)
  }

  /// The whole tensor of the parameter's name, of rows that are its columns.
  public static func transposed(_ parameter: ParameterDeclaration) -> StoredPlace {
    StoredPlace(
      tensor: parameter.name, shape: parameter.shape.reversed(), rowStride: 1, columnStride: parameter.shape[0])
  }

  /// Where a row begins.
  private func start(_ row: Int) -> Int { first + (order?[row] ?? row) * rowStride }

  /// The tensor's elements from the first to the last that belong to rows of a parameter.
  func span(rows: Range<Int>, columns: Int) -> Range<Int> {
    guard !rows.isEmpty, columns > 0 else { return first..<first }
    let starts = order == nil ? [start(rows.lowerBound), start(rows.upperBound - 1)] : rows.map(start)
    return (starts.min() ?? first)..<(starts.max() ?? first) + (columns - 1) * columnStride + 1
  }

  /// Fills `values`, `[rows, columns]`, with some rows of the parameter.
  /// - Parameter read: fills a buffer with neighbouring elements of the tensor, the first of which is given.
  func gather(
    rows: Range<Int>, columns: Int, into values: UnsafeMutableBufferPointer<Float>,
    read: (_ first: Int, UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    guard !rows.isEmpty, columns > 0 else { return }
    if columns == 1 || columnStride == 1 {
      for (i, row) in rows.enumerated() {
        read(start(row), UnsafeMutableBufferPointer(rebasing: values[i * columns..<(i + 1) * columns]))
      }
      return
    }
    // A column's elements lie nearer to each other than a row's; some columns at a time, so that writing them touches
    // whole lines of the cache.
    let column = span(rows: rows, columns: 1)
    let starts = rows.map { start($0) - column.lowerBound }
    let side = 32
    withUnsafeTemporaryAllocation(of: Float.self, capacity: side * column.count) { part in
      for low in stride(from: 0, to: columns, by: side) {
        let count = min(side, columns - low)
        for i in 0..<count {
          read(
            column.lowerBound + (low + i) * columnStride,
            UnsafeMutableBufferPointer(rebasing: part[i * column.count..<(i + 1) * column.count]))
        }
        for (row, start) in starts.enumerated() {
          for i in 0..<count { values[row * columns + low + i] = part[i * column.count + start] }
        }
      }
    }
  }

  /// Puts the parameter's values, `[rows, columns]`, where they belong in the tensor's.
  public func scatter(_ values: UnsafeBufferPointer<Float>, rows: Int, into tensor: UnsafeMutableBufferPointer<Float>) {
    let columns = values.count / max(rows, 1)
    // In squares that stay in the cache.
    let side = 32
    for row0 in stride(from: 0, to: rows, by: side) {
      for column0 in stride(from: 0, to: columns, by: side) {
        for row in row0..<min(row0 + side, rows) {
          let start = start(row)
          for column in column0..<min(column0 + side, columns) {
            tensor[start + column * columnStride] = values[row * columns + column]
          }
        }
      }
    }
  }
}

extension ParameterDeclaration {
  /// Elements of a row, rows being the first dimension.
  var columns: Int { shape.dropFirst().reduce(1, *) }
}
