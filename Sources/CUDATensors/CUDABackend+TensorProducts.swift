import CUDARuntime
import Tensors

extension CUDABackend {
  /// Multiplies bfloat16 matrices by a kernel of Apus's own, a list of products in one launch.
  /// - Returns: false, nothing being done, where strides or addresses are no multiples of 16 bytes, or the type is
  ///   another.
  func tensorProducts(_ list: [ListedProduct], accumulate: Bool) -> Bool {
    guard let first = list.first, list.allSatisfy({ $0.left.isInWholeRuns && $0.right.isInWholeRuns }) else {
      return false
    }
    let (tile, step, stages) = (128, 32, 4)
    var items: [Int64] = []
    var tiles = 0
    for product in list {
      let (rows, columns, depth) = (product.output.rows, product.output.columns, product.depth)
      items += [product.left, product.right, product.output].map { Int64(bitPattern: $0.address.bits) }
      items += [rows, columns, depth, tiles].map(Int64.init)
      tiles += (rows + tile - 1) / tile * ((columns + tile - 1) / tile)
    }
    let (left, right) = (first.left, first.right)
    /// Bytes of an operand's part: rows with 16 bytes between them.
    func bytes(byDepth: Bool) -> Int { byDepth ? tile * (2 * step + 16) : step * (2 * tile + 16) }
    launch(
      "tensor_products", in: .tensorProducts, nil,
      defines: ["LEFT_BY_DEPTH": left.isTransposed ? 0 : 1, "RIGHT_BY_DEPTH": right.isTransposed ? 1 : 0],
      blocks: Grid(tiles), threads: 256,
      sharedBytes: stages * (bytes(byDepth: !left.isTransposed) + bytes(byDepth: right.isTransposed)), uploaded(items),
      list.count, left.stride, right.stride, first.output.stride, first.output.type == .float32, accumulate)
    return true
  }

  /// Multiplies the products of a list: one by one where that is worth a call each, else in one launch.
  func products(_ list: [ListedProduct], accumulate: Bool) {
    let operations = list.reduce(0.0) { $0 + 2 * Double($1.output.rows) * Double($1.output.columns) * Double($1.depth) }
    if !accumulate, fewRows(list) { return }
    // What cuBLASLt gains over the kernel above in the time of a call, some microseconds.
    let worthACall = 2e9
    if list.count > 1, operations < worthACall * Double(list.count) {
      if tensorProducts(list, accumulate: accumulate) { return }
    }
    for item in list { product(item.left, item.right, into: item.output, accumulate: accumulate) }
  }
}

extension BLASMatrix {
  /// Whether it is bfloat16, and every row begins and ends at a multiple of 16 bytes.
  fileprivate var isInWholeRuns: Bool {
    type == .bfloat16 && stride % 8 == 0 && columns % 8 == 0 && address.bits % 16 == 0
  }
}
