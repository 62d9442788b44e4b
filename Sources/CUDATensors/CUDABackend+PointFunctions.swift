import CUDARuntime
import Tensors

extension CUDABackend {
  public func map(_ function: PointFunction, _ x: Tensor, bias: Tensor?, factor: Float, output: Tensor) {
    let width = RunWidth.of(.bfloat16, [x, output])
    launch(
      "map", in: .pointFunctions, x.dtype, defines: function.defines(width, output),
      blocks: blocks(for: x.count, per: 256 * width), threads: 256, x, bias, output, x.count, x.columns, factor)
  }

  public func mapBackward(
    _ function: PointFunction, _ x: Tensor, bias: Tensor?, factor: Float, outputGradient: Tensor, inputGradient: Tensor,
    biasGradient: Tensor?
  ) {
    let tensors = [x, outputGradient, inputGradient]
    let width = RunWidth.of(.bfloat16, tensors, multiples: biasGradient == nil ? [] : [x.columns])
    guard let biasGradient else {
      launch(
        "map_backward", in: .pointFunctions, x.dtype, defines: function.defines(width, outputGradient),
        blocks: blocks(for: x.count, per: 256 * width), threads: 256, x, bias, outputGradient, inputGradient,
        DeviceAddress.null, x.rows, x.columns, 0, 0, factor)
      return
    }
    let walk = RowWalk(x, width: width)
    let partial = workspace.allocate(byteCount: walk.parts * x.columns * 4)
    launch(
      "map_backward_sums", in: .pointFunctions, x.dtype, defines: function.defines(width, outputGradient),
      blocks: walk.blocks, threads: 256, x, bias, outputGradient, inputGradient, partial, x.rows, x.columns,
      walk.rowsOfBlock, walk.lanes, factor)
    addPartialSums(
      partial.deviceAddress, parts: walk.parts, columns: x.columns, stride: x.columns, into: biasGradient)
  }

  public func gate(_ function: PointFunction, _ x: Tensor, by gate: Tensor, output: Tensor) {
    let width = RunWidth.of(x.dtype, [x, gate, output])
    launch(
      "gate", in: .pointFunctions, x.dtype, defines: function.defines(width),
      blocks: blocks(for: x.count, per: 256 * width), threads: 256, x, gate, DeviceAddress.null, output,
      DeviceAddress.null, x.count)
  }

  public func gateBackward(
    _ function: PointFunction, _ x: Tensor, by gate: Tensor, outputGradient: Tensor, inputGradient: Tensor,
    gateGradient: Tensor
  ) {
    let width = RunWidth.of(x.dtype, [x, gate, outputGradient, inputGradient, gateGradient])
    launch(
      "gate_backward", in: .pointFunctions, x.dtype, defines: function.defines(width),
      blocks: blocks(for: x.count, per: 256 * width), threads: 256, x, gate, outputGradient, inputGradient,
      gateGradient, x.count)
  }
}

/// How kernels that sum over rows go down a matrix: `lanes` threads along the columns, the others of 256 down the rows
/// of a block.
struct RowWalk {
  let lanes: Int
  let rowsOfBlock: Int
  /// Blocks along the columns.
  let tiles: Int
  /// Blocks down the rows.
  let parts: Int

  /// - Parameter width: elements of an access.
  init(_ x: Tensor, width: Int) {
    let runs = (x.columns + width - 1) / width
    lanes = min(32, powerOfTwo(atLeast: runs))
    tiles = (runs + lanes - 1) / lanes
    rowsOfBlock = RowBlocks.rows(of: x.rows, into: RowBlocks.threads / 256 / max(tiles, 1), step: 256 / lanes)
    parts = (x.rows + rowsOfBlock - 1) / rowsOfBlock
  }

  var blocks: Grid { Grid(tiles, parts) }
}

extension PointFunction {
  /// The kernels' macros.
  /// - Parameter output: whose type a map's results have.
  fileprivate func defines(_ width: Int, _ output: Tensor? = nil) -> [String: Int] {
    ["FUNCTION": number, "WIDTH": width, "OUT_HALF": output?.dtype == .bfloat16 ? 1 : 0]
  }

  private var number: Int {
    switch self {
    case .identity: 0
    case .sigmoid: 1
    case .silu: 2
    case .logSigmoid: 3
    case .softplus: 4
    case .exp: 5
    case .tanh: 6
    case .relu: 7
    case .logOneMinus: 8
    }
  }
}
