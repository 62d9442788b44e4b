import CUDARuntime
import Tensors

extension CUDABackend {
  public func scaleColumns(_ x: Tensor, by weight: Tensor, factor: ColumnFactor, plus: Tensor?, output: Tensor) {
    if x.count == 0 { return }
    let width = RunWidth.of(x.dtype, [x, plus, output], multiples: [x.columns])
    launch(
      "scale_columns", in: .columnScales, x.dtype, defines: ["KIND": factor.number, "WIDTH": width],
      blocks: blocks(for: x.count, per: 256 * width), threads: 256, x, plus, weight, output, x.rows, x.columns,
      x.columns / weight.count)
  }

  public func scaleColumnsBackward(
    _ x: Tensor, by weight: Tensor, factor: ColumnFactor, outputGradient: Tensor, inputGradient: Tensor,
    weightGradient: Tensor?
  ) {
    if x.count == 0 { return }
    let width = RunWidth.of(x.dtype, [x, outputGradient, inputGradient], multiples: [x.columns])
    let walk = RowWalk(x, width: width), share = x.columns / weight.count
    let partial = weightGradient.map { _ in workspace.allocate(byteCount: walk.parts * x.columns * 4) }
    launch(
      "scale_columns_backward", in: .columnScales, x.dtype, defines: ["KIND": factor.number, "WIDTH": width],
      blocks: walk.blocks, threads: 256, x, outputGradient, weight, inputGradient, partial, x.rows, x.columns, share,
      walk.rowsOfBlock, walk.lanes)
    if let partial, let weightGradient {
      addPartialSums(
        partial.deviceAddress, parts: walk.parts * share, columns: weight.count, stride: weight.count,
        into: weightGradient)
    }
  }

  public func scaleHeads(_ x: Tensor, by scale: Tensor, output: Tensor) {
    if x.count == 0 { return }
    let width = RunWidth.of(.bfloat16, [x, output])
    launch(
      "scale_heads", in: .columnScales, x.dtype,
      defines: ["RIGHT_HALF": output.dtype == .bfloat16 ? 1 : 0, "WIDTH": width],
      blocks: blocks(for: x.count, per: 256 * width), threads: 256, x, scale, output, x.count,
      x.columns / scale.columns)
  }

  public func headDots(_ a: Tensor, _ b: Tensor, factor: Float, output: Tensor) {
    if output.count == 0 { return }
    let dimension = a.columns / output.columns
    let width = RunWidth.of(.bfloat16, [a, b], multiples: [dimension])
    let lanes = min(32, powerOfTwo(atLeast: (dimension + width - 1) / width))
    launch(
      "head_dots", in: .columnScales, a.dtype, defines: ["RIGHT_HALF": b.dtype == .bfloat16 ? 1 : 0, "WIDTH": width],
      blocks: blocks(for: output.count * lanes, per: 256), threads: 256, a, b, output, output.count, dimension, lanes,
      factor)
  }
}

extension ColumnFactor {
  /// The kernels' number of it.
  fileprivate var number: Int {
    switch self {
    case .weight: 0
    case .negativeExp: 1
    case .sigmoid: 2
    }
  }
}
