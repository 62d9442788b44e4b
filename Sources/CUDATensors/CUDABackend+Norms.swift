import CUDARuntime
import Tensors

extension CUDABackend {
  public func rmsNorm(
    _ x: Tensor, delta: Tensor?, weight: Tensor, onePlus: Bool, epsilon: Float, sum: Tensor, output: Tensor,
    rstd: Tensor
  ) {
    normalize(
      x, NormRows(x), delta: delta, weight: weight, bias: nil, onePlus: onePlus, epsilon: epsilon, sum: sum,
      output: output, statistics: rstd)
  }

  public func rmsNormBackward(
    sum: Tensor, weight: Tensor, onePlus: Bool, rstd: Tensor, outputGradient: Tensor, residualGradient: Tensor?,
    sumGradient: Tensor, weightGradient: Tensor?
  ) {
    normalizeBackward(
      sum, NormRows(sum), weight: weight, onePlus: onePlus, isCentred: false, statistics: rstd,
      outputGradient: outputGradient, residualGradient: residualGradient, sumGradient: sumGradient,
      weightGradient: weightGradient, biasGradient: nil)
  }

  public func headNorm(
    _ x: Tensor, columnOffset: Int, heads: Int, dimension: Int, weight: Tensor, onePlus: Bool, epsilon: Float,
    output: Tensor, rstd: Tensor
  ) {
    normalize(
      x, NormRows(x, column: columnOffset, heads: heads, dimension: dimension), delta: nil, weight: weight, bias: nil,
      onePlus: onePlus, epsilon: epsilon, sum: x, output: output, statistics: rstd)
  }

  public func headNormBackward(
    _ x: Tensor, columnOffset: Int, heads: Int, dimension: Int, weight: Tensor, onePlus: Bool, rstd: Tensor,
    outputGradient: Tensor, inputGradient: Tensor, weightGradient: Tensor?
  ) {
    normalizeBackward(
      x, NormRows(x, column: columnOffset, heads: heads, dimension: dimension), weight: weight, onePlus: onePlus,
      isCentred: false, statistics: rstd, outputGradient: outputGradient, residualGradient: nil,
      sumGradient: inputGradient, weightGradient: weightGradient, biasGradient: nil)
  }

  public func layerNorm(
    _ x: Tensor, delta: Tensor?, weight: Tensor, bias: Tensor, epsilon: Float, sum: Tensor, output: Tensor,
    statistics: Tensor
  ) {
    normalize(
      x, NormRows(x), delta: delta, weight: weight, bias: bias, onePlus: false, epsilon: epsilon, sum: sum,
      output: output, statistics: statistics)
  }

  public func layerNormBackward(
    sum: Tensor, weight: Tensor, statistics: Tensor, outputGradient: Tensor, residualGradient: Tensor?,
    sumGradient: Tensor, weightGradient: Tensor?, biasGradient: Tensor?
  ) {
    normalizeBackward(
      sum, NormRows(sum), weight: weight, onePlus: false, isCentred: true, statistics: statistics,
      outputGradient: outputGradient, residualGradient: residualGradient, sumGradient: sumGradient,
      weightGradient: weightGradient, biasGradient: biasGradient)
  }

  /// LayerNorm where there is a bias, else RMSNorm.
  private func normalize(
    _ x: Tensor, _ place: NormRows, delta: Tensor?, weight: Tensor, bias: Tensor?, onePlus: Bool, epsilon: Float,
    sum: Tensor, output: Tensor, statistics: Tensor
  ) {
    if place.isEmpty { return }
    let partition = place.partition(x.dtype, [x, delta, weight, bias, sum, output])
    launch(
      "normalize", in: .norm, x.dtype, defines: partition.defines(isCentred: bias != nil),
      blocks: blocks(for: place.rows, per: partition.groups), threads: partition.threads, place.address(in: x), delta,
      weight, bias, sum, place.address(in: output), statistics, place.rows, place.heads, place.columns, place.stride,
      Float(onePlus ? 1 : 0), epsilon)
  }

  private func normalizeBackward(
    _ sum: Tensor, _ place: NormRows, weight: Tensor, onePlus: Bool, isCentred: Bool, statistics: Tensor,
    outputGradient: Tensor, residualGradient: Tensor?, sumGradient: Tensor, weightGradient: Tensor?,
    biasGradient: Tensor?
  ) {
    if place.isEmpty { return }
    let (rows, columns) = (place.rows, place.columns)
    let partition = place.partition(sum.dtype, [sum, weight, outputGradient, residualGradient, sumGradient])
    let blockRows = RowBlocks.rows(of: rows, into: RowBlocks.threads / partition.threads, step: partition.groups)
    let parts = (rows + blockRows - 1) / blockRows
    let stride = columns * (isCentred ? 2 : 1)
    let hasSums = weightGradient != nil || biasGradient != nil
    let partial = hasSums ? workspace.allocate(byteCount: parts * stride * 4) : nil
    launch(
      "normalize_backward", in: .norm, sum.dtype, defines: partition.defines(isCentred: isCentred), blocks: Grid(parts),
      threads: partition.threads, place.address(in: sum), place.address(in: outputGradient), residualGradient, weight,
      statistics, place.address(in: sumGradient), partial, rows, place.heads, columns, place.stride, blockRows,
      Float(onePlus ? 1 : 0))
    guard let partial else { return }
    for (gradient, offset) in [(weightGradient, 0), (biasGradient, columns * 4)] {
      guard let gradient else { continue }
      addPartialSums(
        partial.deviceAddress + offset, parts: parts, columns: columns, stride: stride, into: gradient)
    }
  }
}

/// Where rows that are normalised lie: a tensor's own, or heads inside of them.
private struct NormRows {
  let rows: Int
  let heads: Int
  let columns: Int
  /// From one of the tensor's rows to the next.
  let stride: Int
  /// The first head's column.
  let column: Int

  init(_ x: Tensor) {
    (rows, heads, columns, stride, column) = (x.rows, 1, x.columns, x.columns, 0)
  }

  init(_ x: Tensor, column: Int, heads: Int, dimension: Int) {
    rows = x.rows * heads
    (self.heads, columns, stride, self.column) = (heads, dimension, x.columns, column)
  }

  var isEmpty: Bool { rows == 0 || columns == 0 }

  func address(in x: Tensor) -> DeviceAddress { x.deviceAddress + column * x.dtype.byteCount }

  func partition(_ type: DType, _ tensors: [Tensor?]) -> NormPartition {
    NormPartition(
      columns: columns, width: RunWidth.of(type, tensors, multiples: [columns, stride, column]))
  }
}
