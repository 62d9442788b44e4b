import CKernels
import Testing
import TestSupport

extension EngineTests {
  @Suite struct Embedding {
    @Test func embedding() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for (tokens, columns) in [(1, 1), (3, 15), (130, 33), (65, 64), (20, 193)] {
          for dtype in [APUS_F32, APUS_BF16] {
            for scale in [1, 25.25] as [Float] { checkEmbedding(tokens, columns, dtype, scale: scale, &random) }
          }
        }
      }
    }
  }
}

private func checkEmbedding(
  _ tokens: Int, _ columns: Int, _ dtype: apus_dtype, scale: Float, _ random: inout TestRandom
) {
  let vocabulary = 7
  // Few different ids, so that most repeat; one id never comes.
  let ids = (0..<tokens).map { _ in Int32.random(in: 0..<Int32(vocabulary) - 1, using: &random) }
  let buffer = IntegerBuffer(ids)
  let table = Buffer.input(random.normals(vocabulary * columns))
  let before = random.normals(vocabulary * columns)
  let outputGradient = Buffer.input(random.normals(tokens * columns), dtype)
  var rows = [Double]()
  var gradient = before.map { Double($0) }
  for (t, id) in ids.enumerated() {
    for c in 0..<columns {
      rows.append(rounded(Double(table.floats[Int(id) * columns + c] * scale), dtype))
      gradient[Int(id) * columns + c] += outputGradient[t * columns + c] * Double(scale)
    }
  }
  inEachVariant { variant in
    let label = "seed \(random.seed) \(variant) embedding [\(tokens), \(columns)] \(dtype) times \(scale)"
    let output = Buffer.output(tokens * columns, dtype)
    apus_embedding(Int64(tokens), Int64(columns), buffer.pointer, table.floats, scale, output.raw, dtype)
    #expect(output.doubles == rows && output.firstOverwritten == nil, "\(label)")
    let tableGradient = Buffer.inOut(before)
    apus_embedding_backward(
      Int64(tokens), Int64(columns), buffer.pointer, outputGradient.raw, scale, tableGradient.floats, dtype)
    compare(tableGradient, gradient, Tolerance(absolute: 1e-6 * Double(tokens) * Double(scale), relative: 1e-6), "\(label) gradient")
    let untouched = (vocabulary - 1) * columns..<vocabulary * columns
    #expect(untouched.allSatisfy { tableGradient.floats[$0] == before[$0] }, "\(label) absent id")
  }
}
