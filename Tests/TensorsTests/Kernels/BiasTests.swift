import CKernels
import Testing
import TestSupport

extension EngineTests {
  @Suite struct Bias {
    @Test func bias() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for (rows, columns) in [(1, 1), (3, 15), (65, 33), (130, 64), (7, 257)] {
          for dtype in [APUS_F32, APUS_BF16] { checkBias(rows, columns, dtype, &random) }
        }
      }
    }
  }
}

private func checkBias(_ rows: Int, _ columns: Int, _ dtype: apus_dtype, _ random: inout TestRandom) {
  let x = random.normals(rows * columns)
  let bias = Buffer.input(random.normals(columns))
  let outputGradient = Buffer.input(random.normals(rows * columns), dtype)
  let before = random.normals(columns)
  let expected = Buffer.inOut(x, dtype)
  let (m, n) = (Int64(rows), Int64(columns))
  apus_add_bias_reference(m, n, expected.raw, bias.floats, dtype)
  let gradient = (0..<columns).map { c in
    (0..<rows).reduce(Double(before[c])) { $0 + outputGradient[$1 * columns + c] }
  }
  inEachVariant { variant in
    let label = "seed \(random.seed) \(variant) bias [\(rows), \(columns)] \(dtype)"
    let actual = Buffer.inOut(x, dtype)
    apus_add_bias(m, n, actual.raw, bias.floats, dtype)
    compare(actual, expected, Tolerance(), label)
    let biasGradient = Buffer.inOut(before)
    apus_bias_backward(m, n, outputGradient.raw, biasGradient.floats, dtype)
    compare(biasGradient, gradient, Tolerance(absolute: 1e-6 * Double(rows), relative: 1e-6), "\(label) gradient")
  }
}
