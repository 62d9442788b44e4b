extension Tape {
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

  /// Copies of columns of x, each of several ranges side by side; no column is in two of them.
  public mutating func columns(of x: Variable, _ parts: [[Range<Int>]]) -> [Variable] {
    let execution = execution
    let input = x.tensor
    let outputs = parts.map { ranges in
      let part = execution.tensor([input.rows, ranges.reduce(0) { $0 + $1.count }], input.dtype)
      var column = 0
      for range in ranges {
        part.copyColumns(from: input, at: range.lowerBound, to: column, width: range.count)
        column += range.count
      }
      return part
    }
    let taken = outputs.reduce(0) { $0 + $1.columns }
    return record(inputs: [x], outputs: outputs) { gradients in
      let inputGradient = execution.tensor(input.shape, input.dtype)
      if taken < input.columns || gradients.contains(where: { $0 == nil }) { execution.backend.fillZero(inputGradient) }
      for (gradient, ranges) in zip(gradients, parts) {
        guard let gradient else { continue }
        var column = 0
        for range in ranges {
          inputGradient.copyColumns(from: gradient, at: column, to: range.lowerBound, width: range.count)
          column += range.count
        }
      }
      return [inputGradient]
    }
  }

  /// The columns of some variables of as many rows, side by side.
  public mutating func concatenate(_ parts: [Variable]) -> Variable {
    let execution = execution
    let shapes = parts.map(\.tensor.shape)
    let output = execution.tensor([parts[0].tensor.rows, shapes.reduce(0) { $0 + $1[1] }], parts[0].tensor.dtype)
    var column = 0
    for part in parts {
      output.copyColumns(from: part.tensor, at: 0, to: column, width: part.tensor.columns)
      column += part.tensor.columns
    }
    return record(inputs: parts, output: output) { gradient in
      var column = 0
      return shapes.map { shape in
        let part = execution.tensor(shape, gradient.dtype)
        part.copyColumns(from: gradient, at: column, to: 0, width: shape[1])
        column += shape[1]
        return part
      }
    }
  }
}

extension Tensor {
  /// Copies `width` columns of every row of `source`, from column `from` on, to column `to` on.
  func copyColumns(from source: Tensor, at from: Int, to: Int, width: Int) {
    precondition(source.dtype == dtype && source.rows == rows, "rows of one type")
    let size = dtype.byteCount
    for row in 0..<rows {
      (pointer + (row * columns + to) * size).copyMemory(
        from: source.pointer + (row * source.columns + from) * size, byteCount: width * size)
    }
  }
}
