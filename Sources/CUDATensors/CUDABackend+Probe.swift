import CUDARuntime
import Tensors

extension CUDABackend {
  /// Compiles, loads and runs a kernel and looks at its result: whether the card can be used at all.
  /// - Throws: ``CUDAError`` saying what does not work.
  public static func probe(_ context: CUDAContext) throws(CUDAError) {
    let count = 1000
    let byteCount = count * MemoryLayout<Float>.stride
    let kernels = KernelLibrary(context) { KernelFile(rawValue: $0)?.text ?? "" }
    let kernel = try kernels.kernel(KernelKey("probe", file: KernelFile.probe.rawValue, type: nil))
    let memory = try context.allocate(byteCount: byteCount)
    let scale: Float = 0.5
    let failure: CUDAError? = KernelArguments.with(memory, DeviceAddress.null, scale, 3, count) { bytes in
      do throws(CUDAError) {
        try context.launch(kernel, grid: 4, threads: 128, arguments: bytes)
        return nil
      } catch { return error }
    }
    if let failure { throw failure }
    var numbers = [Float](repeating: .nan, count: count)
    let unread: CUDAError? = numbers.withUnsafeMutableBytes { bytes in
      do throws(CUDAError) {
        try context.read(memory, into: bytes)
        return nil
      } catch { return error }
    }
    if let unread { throw unread }
    try context.free(memory, byteCount: byteCount)
    for (i, number) in numbers.enumerated() where number != scale * Float(i) + 3 {
      throw CUDAError(
        .call(code: 0), "\(context.device.name) computes wrongly: 0.5 * \(i) + 3 came out as \(number)")
    }
  }
}
