import Tensors
import Testing
import TestSupport

extension CUDATests {
  @Suite struct Convolutions {
    @Test(arguments: [DType.float32, .bfloat16])
    func channels(_ type: DType) throws {
      var both = BothBackends(try EmulatedCard.backend())
      for (length, channels, taps) in [(1, 1, 4), (2, 5, 4), (70, 16, 4), (129, 520, 4), (65, 7, 2)] {
        for hasSiLU in [false, true] {
          let tokens = 2 * length
          let input = both.normals([tokens, channels], type), gradient = both.normals([tokens, channels], type)
          let weight = both.normals([channels, taps]), bias = both.normals([channels])
          let first = hasSiLU ? both.documents(sequences: 2, length: length) : nil
          let output = both.output([tokens, channels], type), inputGradient = both.output([tokens, channels], type)
          let weightGradient = both.normals([channels, taps])
          let biasGradient = hasSiLU ? both.normals([channels]) : nil
          both.run { side in
            let convolution = ChannelConvolution(
              sequences: 2, length: length, input: side(input), weight: side(weight), taps: taps,
              bias: hasSiLU ? side(bias) : nil, hasSiLU: hasSiLU, firstKeys: side(first), history: nil)
            side.backend.convolution(convolution, output: side(output))
            side.backend.convolutionBackward(
              convolution, outputGradient: side(gradient), inputGradient: side(inputGradient),
              weightGradient: side(weightGradient), biasGradient: side(biasGradient))
          }
          let label = "\(type) [\(tokens), \(channels)] \(taps) taps SiLU \(hasSiLU)"
          both.compare(output, label)
          both.compare(inputGradient, label + ", input gradient")
          both.compare(weightGradient, absolute: 1e-4, label + ", weight gradient")
          if let biasGradient { both.compare(biasGradient, absolute: 1e-4, label + ", bias gradient") }
        }
      }
    }

    /// A text in parts, each beginning with what those before it have left.
    @Test func history() throws {
      var both = BothBackends(try EmulatedCard.backend())
      for channels in [8, 19] {
        let history = both.normals([3, channels]), weight = both.normals([channels, 4])
        for length in [1, 2, 1, 66, 5] {
          let input = both.normals([length, channels]), output = both.output([length, channels])
          both.run { side in
            side.backend.convolution(
              ChannelConvolution(
                sequences: 1, length: length, input: side(input), weight: side(weight), taps: 4, bias: nil,
                hasSiLU: true, firstKeys: nil, history: side(history)), output: side(output))
          }
          both.compare(output, "\(length) tokens of \(channels) channels")
          both.compare(history, absolute: 0, relative: 0, "history after \(length) tokens of \(channels) channels")
        }
      }
    }
  }
}
