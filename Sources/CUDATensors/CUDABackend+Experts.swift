import CUDARuntime
import Tensors

extension CUDABackend {
  public func gatherRows(_ x: Tensor, sources: Tensor, output: Tensor) {
    launchRuns("gather_rows", [x, output], x, sources, output, output.rows, output.columns)
  }

  public func combineRows(_ x: Tensor, places: Tensor, output: Tensor) {
    launchRuns(
      "combine_rows", [x, output], x, places, output, output.rows, places.count / max(output.rows, 1), output.columns)
  }

  public func gateRows(_ x: Tensor, gate: Tensor, output: Tensor) {
    launchRuns("gate_rows", [x, output], x, gate, output, x.rows, x.columns)
  }

  public func gateRowsBackward(
    _ x: Tensor, gate: Tensor, outputGradient: Tensor, inputGradient: Tensor, gateGradient: Tensor
  ) {
    let width = RunWidth.of(x.dtype, [x, outputGradient, inputGradient], multiples: [x.columns])
    launch(
      "gate_rows_gradient", in: .expertRows, x.dtype, defines: ["WIDTH": width], blocks: Grid(x.rows), threads: 256, x,
      gate, outputGradient, inputGradient, gateGradient, x.rows, x.columns)
  }

  /// A kernel of which a thread takes a run of the last of `tensors`.
  private func launchRuns<each Argument: KernelArgument>(
    _ kernel: String, _ tensors: [Tensor], _ arguments: repeat each Argument
  ) {
    let output = tensors[tensors.count - 1]
    let width = RunWidth.of(output.dtype, tensors, multiples: [output.columns])
    launch(
      kernel, in: .expertRows, output.dtype, defines: ["WIDTH": width],
      blocks: blocks(for: output.count, per: 256 * width), threads: 256, repeat each arguments)
  }

  public func groupedLinear(_ x: Tensor, offsets: [Int], weights: [PackedMatrix?], compute: DType, output: Tensor) {
    groupedProducts(operand(x, compute), offsets, weights, compute, output)
  }

  public func groupedLinearBackward(
    outputGradient: Tensor, offsets: [Int], weights: [PackedMatrix?], input: Tensor, compute: DType,
    inputGradient: Tensor, weightGradients: [Tensor?]
  ) {
    let (gradient, input) = (operand(outputGradient, compute), operand(input, compute))
    groupedProducts(gradient, offsets, weights, compute, inputGradient)
    let (left, right) = (BLASMatrix(gradient, transposed: true), BLASMatrix(input))
    withExtendedLifetime((gradient, input)) {
      products(
        groups(offsets).compactMap { group, rows in
          weightGradients[group].map {
            ListedProduct(left: left.columns(rows), right: right.rows(rows), output: BLASMatrix($0))
          }
        }, accumulate: true)
    }
  }

  /// output = each group's rows of x, in the type of the computation, times its matrix.
  private func groupedProducts(
    _ x: Tensor, _ offsets: [Int], _ weights: [PackedMatrix?], _ compute: DType, _ output: Tensor
  ) {
    let (left, result) = (BLASMatrix(x), BLASMatrix(output))
    withExtendedLifetime(x) {
      products(
        groups(offsets).compactMap { group, rows in
          weights[group].map {
            ListedProduct(
              left: left.rows(rows), right: BLASMatrix($0, compute, depth: x.columns, columns: output.columns),
              output: result.rows(rows))
          }
        }, accumulate: false)
    }
  }

  /// The groups that have rows.
  private func groups(_ offsets: [Int]) -> [(group: Int, rows: Range<Int>)] {
    zip(offsets, offsets.dropFirst()).enumerated().compactMap { group, borders in
      borders.0 < borders.1 ? (group, borders.0..<borders.1) : nil
    }
  }
}
