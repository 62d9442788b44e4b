import CUDARuntime
import Tensors

extension CUDABackend {
  public func convolution(_ c: ChannelConvolution, output: Tensor) {
    let runs = TokenRuns(c, [output])
    runs.launch("convolution", on: self, c, c.history, output)
    // One thread has all tokens of a short text and leaves the history itself; else others may still read it.
    if c.history != nil, c.taps > 1, runs.count > 1 {
      launch(
        "convolution_history", in: .convolution, c.input.dtype, defines: runs.defines,
        blocks: blocks(for: c.input.columns, per: 128 * runs.width), threads: 128,
        ConvolutionFields(c, runs), c.history, DeviceAddress.null)
    }
  }

  public func convolutionBackward(
    _ c: ChannelConvolution, outputGradient: Tensor, inputGradient: Tensor, weightGradient: Tensor?,
    biasGradient: Tensor?
  ) {
    let runs = TokenRuns(c, [outputGradient, inputGradient])
    let channels = c.input.columns, columns = channels * (c.taps + 1)
    let partial = workspace.allocate(byteCount: runs.count * columns * 4)
    runs.launch("convolution_backward", on: self, c, outputGradient, inputGradient, partial)
    let biases = partial.deviceAddress + channels * c.taps * 4
    if let weightGradient {
      addPartialSums(
        partial.deviceAddress, parts: runs.count, columns: channels * c.taps, stride: columns, into: weightGradient)
    }
    if let biasGradient {
      addPartialSums(biases, parts: runs.count, columns: channels, stride: columns, into: biasGradient)
    }
  }
}

/// How a convolution is divided: each thread has `width` channels of `run` tokens, one after another.
private struct TokenRuns {
  let width: Int
  let run = 64
  let count: Int
  let defines: [String: Int]

  init(_ c: ChannelConvolution, _ others: [Tensor]) {
    width = RunWidth.of(.float32, [c.input, c.history] + others, multiples: [c.input.columns])
    count = c.sequences * ((c.length + run - 1) / run)
    defines = ["TAPS": c.taps, "WIDTH": width]
  }

  func launch<each Argument: KernelArgument>(
    _ kernel: String, on backend: CUDABackend, _ c: ChannelConvolution, _ arguments: repeat each Argument
  ) {
    backend.launch(
      kernel, in: .convolution, c.input.dtype, defines: defines,
      blocks: Grid(count, (c.input.columns + 128 * width - 1) / (128 * width)), threads: 128,
      ConvolutionFields(c, self), repeat each arguments)
  }
}

/// What the kernels' structs begin with.
private struct ConvolutionFields: KernelArgument {
  let convolution: ChannelConvolution
  let run: Int

  init(_ convolution: ChannelConvolution, _ runs: TokenRuns) {
    self.convolution = convolution
    run = runs.run
  }

  func pack(into fields: inout KernelArguments) {
    let c = convolution
    for number in [c.sequences, c.length, c.input.columns, run] { number.pack(into: &fields) }
    c.hasSiLU.pack(into: &fields)
    for tensor in [c.input, c.weight, c.bias, c.firstKeys] { tensor.pack(into: &fields) }
  }
}
