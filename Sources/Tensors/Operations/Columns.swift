/// Some columns of one of several matrices.
public struct ColumnSpan: Sendable, Hashable {
  /// Which of the matrices.
  public var input: Int
  public var column: Int
  public var count: Int

  /// `count` columns of matrix `input`.
  public init(_ input: Int = 0, column: Int, count: Int) {
    (self.input, self.column, self.count) = (input, column, count)
  }
}

extension Tape {
  /// Matrices put together from columns of `inputs`, whose rows are as many: each is the spans that `outputs` lists, side
  /// by side. A column may go to several places, or to none.
  public mutating func columns(of inputs: [Variable], _ outputs: [[ColumnSpan]]) -> [Variable] {
    let execution = execution
    let shapes = inputs.map { ($0.tensor.shape, $0.tensor.dtype) }
    let tensors = inputs.map(\.tensor)
    let results = outputs.map { spans in
      let width = spans.reduce(0) { $0 + $1.count }
      let output = execution.tensor([tensors[0].rows, width], tensors[0].dtype)
      execution.backend.gatherColumns(of: tensors, spans, into: output)
      return output
    }
    return record(inputs: inputs, outputs: results) { gradients in
      // Where each span of each output goes back to.
      shapes.enumerated().map { input, shape in
        let gradient = execution.tensor(shape.0, shape.1)
        var back: [(from: Tensor, column: Int, span: ColumnSpan)] = []
        for (spans, arrived) in zip(outputs, gradients) {
          var column = 0
          for span in spans {
            if span.input == input, let arrived { back.append((arrived, column, span)) }
            column += span.count
          }
        }
        execution.backend.sumColumns(back, into: gradient)
        return gradient
      }
    }
  }

  /// Copies of columns of x, each of several ranges side by side.
  public mutating func columns(of x: Variable, _ parts: [[Range<Int>]]) -> [Variable] {
    columns(of: [x], parts.map { ranges in ranges.map { ColumnSpan(column: $0.lowerBound, count: $0.count) } })
  }

  /// Copies of neighbouring columns of x, of the given widths; columns after them are left out.
  public mutating func split(_ x: Variable, _ widths: [Int]) -> [Variable] {
    var column = 0
    return columns(
      of: x,
      widths.map { width in
        defer { column += width }
        return [column..<column + width]
      })
  }

  /// The columns of some variables of as many rows, side by side.
  public mutating func concatenate(_ parts: [Variable]) -> Variable {
    columns(of: parts, [parts.indices.map { ColumnSpan($0, column: 0, count: parts[$0].tensor.columns) }])[0]
  }
}
