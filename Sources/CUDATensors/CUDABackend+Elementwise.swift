import CUDARuntime
import Tensors

extension CUDABackend {
  public func add(_ a: Tensor, _ b: Tensor, into output: Tensor) {
    let width = RunWidth.of(a.dtype, [a, b, output])
    launch(
      "add", in: .elementwise, a.dtype, defines: ["WIDTH": width], blocks: blocks(for: a.count, per: 256 * width),
      threads: 256, a, b, output, a.count)
  }

  public func convert(_ x: Tensor, into output: Tensor) {
    let width = RunWidth.of(.bfloat16, [x, output])
    launch(
      "convert", in: .elementwise, x.dtype, defines: ["WIDTH": width, "TO_HALF": output.dtype == .bfloat16 ? 1 : 0],
      blocks: blocks(for: x.count, per: 256 * width), threads: 256, x, output, x.count)
  }

  public func exponential(_ x: Tensor, compute: DType, into output: Tensor) {
    launchFloats("exponential", [x, output], x, output, x.count, compute != .float32)
  }

  /// A kernel of `floats.cu` over as many elements as the first of `tensors` has.
  func launchFloats<each Argument: KernelArgument>(
    _ kernel: String, _ tensors: [Tensor], _ arguments: repeat each Argument
  ) {
    let width = RunWidth.of(.float32, tensors)
    launch(
      kernel, in: .floats, nil, defines: ["WIDTH": width], blocks: blocks(for: tensors[0].count, per: 256 * width),
      threads: 256, repeat each arguments)
  }
}
