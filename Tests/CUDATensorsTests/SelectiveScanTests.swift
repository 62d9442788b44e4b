import Tensors
import Testing
import TestSupport

extension CUDATests {
  @Suite struct SelectiveScans {
    @Test(arguments: [DType.float32, .bfloat16])
    func channels(_ type: DType) throws {
      var both = BothBackends(try EmulatedCard.backend())
      for (length, channels, states) in [(1, 1, 1), (5, 17, 3), (70, 40, 6), (33, 70, 16), (19, 33, 70)] {
        check(length, channels, states, type, &both)
      }
    }

    private func check(_ length: Int, _ channels: Int, _ states: Int, _ type: DType, _ both: inout BothBackends) {
      let tokens = 2 * length
      let input = both.normals([tokens, channels], type), gradient = both.normals([tokens, channels], type)
      let key = both.normals([tokens, states], type), query = both.normals([tokens, states], type)
      let step = both.pair(
        (0..<tokens * channels).map { _ in Float.random(in: 0...2, using: &both.random) }, [tokens, channels])
      let rate = both.pair(
        (0..<channels * states).map { _ in -Float.random(in: 0.01...20, using: &both.random) }, [channels, states])
      let first = Bool.random(using: &both.random) ? both.documents(sequences: 2, length: length) : nil
      let state = Bool.random(using: &both.random) ? both.normals([2, channels, states]) : nil
      let output = both.output([tokens, channels], type), inputGradient = both.output([tokens, channels], type)
      let stepGradient = both.output([tokens, channels]), rateGradient = both.normals([channels, states])
      let keyGradient = both.output([tokens, states], type), queryGradient = both.output([tokens, states], type)
      both.run { side in
        var scan = SelectiveScan(
          sequences: 2, length: length, input: side(input), step: side(step), rate: side(rate), key: side(key),
          query: side(query), firstKeys: side(first), state: side(state))
        side.backend.selectiveScan(scan, output: side(output))
        scan.state = nil
        side.backend.selectiveScanBackward(
          scan, outputGradient: side(gradient), inputGradient: side(inputGradient), stepGradient: side(stepGradient),
          keyGradient: side(keyGradient), queryGradient: side(queryGradient), rateGradient: side(rateGradient))
      }
      let label = "\(type) \(length) tokens, \(channels) channels, \(states) states"
      // Sums over states, over channels, and over tokens.
      both.compare(output, absolute: 1e-5 * Float(states).squareRoot(), label)
      both.compare(inputGradient, absolute: 2e-5 * Float(states).squareRoot(), label + ", input gradient")
      both.compare(stepGradient, absolute: 2e-4 * Float(states).squareRoot(), label + ", step gradient")
      both.compare(keyGradient, absolute: 2e-5 * Float(channels).squareRoot(), label + ", key gradient")
      both.compare(queryGradient, absolute: 2e-5 * Float(channels).squareRoot(), label + ", query gradient")
      both.compare(rateGradient, absolute: 2e-5 * Float(tokens).squareRoot(), label + ", rate gradient")
      if let state { both.compare(state, label + ", state") }
    }
  }
}
