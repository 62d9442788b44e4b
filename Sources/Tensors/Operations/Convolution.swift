extension Tape {
  /// A causal convolution of every channel by itself over the last tokens of its document, and SiLU: x
  /// `[tokens, channels]` to the same shape.
  /// - Parameters:
  ///   - weight: `[channels, 1, taps]`, the last tap for the token itself.
  ///   - history: the rows before, as in ``ChannelConvolution/history``; only where nothing is recorded.
  public mutating func convolution(
    _ x: Variable, weight: Parameter, bias: Parameter?, sequences: Int, length: Int, hasSiLU: Bool = true,
    firstKeys: Tensor? = nil, history: Tensor? = nil
  ) -> Variable {
    precondition(history == nil || !isRecording, "gradients do not go through rows from outside")
    let execution = execution
    var convolution = ChannelConvolution(
      sequences: sequences, length: length, input: x.tensor, weight: weight.master,
      taps: weight.master.count / x.tensor.columns, bias: bias?.master, hasSiLU: hasSiLU, firstKeys: firstKeys,
      history: history)
    let output = execution.tensor(x.tensor.shape)
    execution.backend.convolution(convolution, output: output)
    convolution.history = nil
    return record(inputs: [x], output: output) { [convolution] gradient in
      let inputGradient = execution.tensor(convolution.input.shape)
      execution.backend.convolutionBackward(
        convolution, outputGradient: gradient, inputGradient: inputGradient, weightGradient: weight.gradient,
        biasGradient: bias?.gradient)
      return [inputGradient]
    }
  }
}
