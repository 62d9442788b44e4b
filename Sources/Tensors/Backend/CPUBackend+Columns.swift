import CKernels

extension CPUBackend {
  public func gatherColumns(of inputs: [Tensor], _ spans: [ColumnSpan], into output: Tensor) {
    var to = 0
    let places = spans.map { span in
      defer { to += span.count }
      return place(inputs[span.input], from: span.column, count: span.count, to: to)
    }
    apus_gather_columns(
      Int64(output.rows), places, Int64(places.count), output.pointer, Int64(output.columns), output.dtype.kernel)
  }

  public func sumColumns(_ spans: [(from: Tensor, column: Int, span: ColumnSpan)], into output: Tensor) {
    let places = spans.map { place($0.from, from: $0.column, count: $0.span.count, to: $0.span.column) }
    apus_sum_columns(
      Int64(output.rows), places, Int64(places.count), output.pointer, Int64(output.columns), output.dtype.kernel)
  }

  private func place(_ tensor: Tensor, from column: Int, count: Int, to: Int) -> apus_column_span {
    apus_column_span(
      rows: UnsafeRawPointer(tensor.pointer), stride: Int64(tensor.columns), from: Int64(column), count: Int64(count),
      to: Int64(to))
  }
}
