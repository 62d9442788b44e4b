import CUDARuntime
import Tensors

extension CUDABackend {
  /// Rows up to which a product is a matter of reading the weights.
  static let mostFewRows = 8

  /// One product of a list whose operands on a side lie the same way and have one stride.
  struct ListedProduct {
    let left: BLASMatrix
    let right: BLASMatrix
    let output: BLASMatrix

    var depth: Int { left.isTransposed ? left.rows : left.columns }
  }

  /// Multiplies few rows by matrices that lie `[columns, depth]`, a list of products in one launch.
  /// - Returns: false, nothing being done, where there are more rows or matrices lie otherwise.
  func fewRows(_ list: [ListedProduct]) -> Bool {
    guard let first = list.first, !first.left.isTransposed, first.right.isTransposed,
      list.allSatisfy({ $0.output.rows <= Self.mostFewRows }),
      first.left.stride == first.depth || list.allSatisfy({ $0.output.rows == 1 })
    else { return false }
    let type = first.left.type
    fewRows(
      "few_rows", list.map { ($0.left.address, $0.right.address, $0.output) }, type,
      rowBytes: first.right.stride * type.byteCount, depth: first.depth, elementsAtOnce: 16 / type.byteCount)
    return true
  }

  /// The same by the kernel for the weights' format.
  /// - Parameters:
  ///   - rowBytes: bytes from one output's weights to the next one's.
  ///   - elementsAtOnce: elements that a thread takes at once.
  func fewRows(
    _ kernel: String, _ list: [(x: DeviceAddress, weights: DeviceAddress, output: BLASMatrix)], _ type: BLASType,
    rowBytes: Int, depth: Int, elementsAtOnce: Int
  ) {
    let (one, outputsOfBlock) = (list[0], 4)
    let warps = (depth + 32 * elementsAtOnce - 1) / (32 * elementsAtOnce)
    let rows = list.reduce(0) { max($0, $1.output.rows) }
    let items = list.count == 1 ? nil : uploaded(
      list.flatMap { [$0.x.bits, $0.weights.bits, $0.output.address.bits, UInt64($0.output.rows)] })
    launch(
      kernel, in: .fewRows, type.dtype, defines: ["ROWS": powerOfTwo(atLeast: rows)],
      blocks: Grid((one.output.columns + outputsOfBlock - 1) / outputsOfBlock, list.count), threads: 32 * min(warps, 8),
      one.x, one.weights, one.output.address, one.output.rows, items, depth, one.output.columns, rowBytes,
      one.output.stride, one.output.type == .float32)
  }
}
