import Tensors
import Testing
import TestSupport

extension CUDATests {
  @Suite struct Activations {
    static let kinds: [RowActivation] = [.swiGLU, .geGLU, .clampedSwiGLU, .geGLUExact, .gelu, .reluSquared]

    /// With rows of 16 bytes' multiples in bfloat16 and of odd lengths in float32; far out too.
    @Test(arguments: kinds)
    func agree(_ kind: RowActivation) throws {
      var both = BothBackends(try EmulatedCard.backend())
      for (type, width) in [(DType.bfloat16, 136), (.float32, 77)] {
        let (rows, inputs) = (9, kind.isGated ? 2 * width : width)
        var values = both.random.normals(rows * inputs, scale: 3)
        (values[3], values[5], values[8]) = (300, -300, 0)
        let (x, gradient) = (both.pair(values, [rows, inputs], type), both.normals([rows, width], type))
        let weights = both.normals([rows])
        for isWeighted in [false, true] {
          let (output, inputGradient) = (both.output([rows, width], type), both.output([rows, inputs], type))
          let weightsGradient = isWeighted ? both.output([rows]) : nil
          both.run { side in
            side.backend.activate(kind, side(x), weights: isWeighted ? side(weights) : nil, output: side(output))
            side.backend.activateBackward(
              kind, side(x), weights: isWeighted ? side(weights) : nil, outputGradient: side(gradient),
              inputGradient: side(inputGradient), weightsGradient: side(weightsGradient))
          }
          let label = "\(kind) \(type)\(isWeighted ? " weighted" : "")"
          both.compare(output, absolute: 1e-4, label)
          both.compare(inputGradient, absolute: 2e-4, label + ", gradient")
          if let weightsGradient { both.compare(weightsGradient, absolute: 5e-4, label + ", weights' gradient") }
        }
      }
    }

    /// Those that have a name of their own in the protocol, with gradients in the inputs' place.
    @Test func plain() throws {
      var both = BothBackends(try EmulatedCard.backend())
      let (rows, width, type) = (5, 24, DType.bfloat16)
      let inputs = (0..<3).map { both.normals([rows, $0 < 2 ? 2 * width : width], type) }
      let outputs = (0..<3).map { _ in both.output([rows, width], type) }
      let gradient = both.normals([rows, width], type)
      both.run { side in
        let (x, y, g) = (inputs.map { side($0) }, outputs.map { side($0) }, side(gradient))
        side.backend.swiGLU(x[0], output: y[0])
        side.backend.geGLU(x[1], output: y[1])
        side.backend.gelu(x[2], output: y[2])
        side.backend.swiGLUBackward(x[0], outputGradient: g, inputGradient: x[0])
        side.backend.geGLUBackward(x[1], outputGradient: g, inputGradient: x[1])
        side.backend.geluBackward(x[2], outputGradient: g, inputGradient: x[2])
      }
      for (i, name) in ["SwiGLU", "GEGLU", "GELU"].enumerated() {
        both.compare(outputs[i], absolute: 1e-5, name)
        both.compare(inputs[i], absolute: 1e-4, name + ", gradient")
      }
    }
  }
}
