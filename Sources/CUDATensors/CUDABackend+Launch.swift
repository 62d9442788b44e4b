import CUDARuntime
import Tensors

extension CUDABackend {
  /// Puts a kernel into the stream; nothing happens where there are no blocks.
  /// - Parameters:
  ///   - kernel: its name.
  ///   - file: the text that it stands in.
  ///   - type: the type of activations for which the text is compiled, its macro `T`; nil where it has none.
  ///   - defines: further macros of the text. Each set is compiled once.
  ///   - threads: threads of a block.
  ///   - sharedBytes: dynamic shared memory of a block.
  ///   - arguments: the fields of the kernel's struct in their order.
  func launch<each Argument: KernelArgument>(
    _ kernel: String, in file: KernelFile, _ type: DType?, defines: [String: Int] = [:], blocks: Grid, threads: Int,
    sharedBytes: Int = 0, _ arguments: repeat each Argument
  ) {
    if blocks.count == 0 { return }
    let key = KernelKey(kernel, file: file.rawValue, type: type?.kernelName, defines: defines)
    let error: CUDAError? = KernelArguments.with(repeat each arguments) { bytes in
      do throws(CUDAError) {
        try context.launch(
          try kernels.kernel(key), grid: blocks, threads: threads, sharedBytes: sharedBytes, arguments: bytes)
        return nil
      } catch { return error }
    }
    if let error { Self.fail(error) }
  }

  /// A row of as many blocks as `count` elements take, `size` each.
  func blocks(for count: Int, per size: Int) -> Grid { Grid((count + size - 1) / size) }
}

extension DType {
  /// The type's name in kernels.
  var kernelName: String {
    switch self {
    case .float32: "float"
    case .bfloat16: "bf16"
    case .int32: "int"
    }
  }
}
