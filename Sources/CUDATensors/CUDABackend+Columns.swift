import CUDARuntime
import Tensors

extension CUDABackend {
  public func gatherColumns(of inputs: [Tensor], _ spans: [ColumnSpan], into output: Tensor) {
    var to = 0
    let places = spans.map { span in
      defer { to += span.count }
      return SpanPlace(from: inputs[span.input], column: span.column, count: span.count, to: to)
    }
    sum(places.filter { $0.count > 0 }, isGathering: true, into: output)
  }

  public func sumColumns(_ spans: [(from: Tensor, column: Int, span: ColumnSpan)], into output: Tensor) {
    sum(
      spans.map { SpanPlace(from: $0.from, column: $0.column, count: $0.span.count, to: $0.span.column) },
      isGathering: false, into: output)
  }

  private func sum(_ spans: [SpanPlace], isGathering: Bool, into output: Tensor) {
    let width = RunWidth.of(
      output.dtype, spans.map(\.from) + [output], multiples: [output.columns] + spans.flatMap(\.multiples))
    let places = spans.flatMap(\.fields)
    let many = spans.count > 8 ? uploaded(places) : nil
    let few = many == nil ? places : []
    launch(
      "sum_columns", in: .columns, output.dtype, defines: ["WIDTH": width],
      blocks: blocks(for: output.count, per: 256 * width), threads: 256, many, output, spans.count, output.rows,
      output.columns, isGathering, few + [Int](repeating: 0, count: 40 - few.count))
  }
}

/// Columns of a tensor that stand for columns of another.
private struct SpanPlace {
  var from: Tensor
  var column: Int
  var count: Int
  var to: Int

  /// The kernel's struct.
  var fields: [Int] { [Int(bitPattern: from.pointer), from.columns, column, count, to] }
  /// What an access's width must divide.
  var multiples: [Int] { [from.columns, column, count, to] }
}
