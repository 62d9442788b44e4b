import CUDARuntime
import Tensors

extension CUDABackend {
  public func sumOfSquares(_ x: Tensor) -> Double {
    let parts = (x.count + 65535) / 65536
    let sums = workspace.allocate(byteCount: (parts + 1) * 8)
    let partial = sums.deviceAddress + 8
    let defines = ["WIDTH": RunWidth.of(.float32, [x])]
    launch("squares", in: .squares, nil, defines: defines, blocks: Grid(parts), threads: 256, x, partial, x.count)
    launch("add_squares", in: .squares, nil, defines: defines, blocks: 1, threads: 256, partial, sums, parts)
    return read(sums, count: 1)[0]
  }
}
