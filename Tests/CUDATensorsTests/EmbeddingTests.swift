import Tensors
import Testing
import TestSupport

extension CUDATests {
  @Suite struct Embedding {
    /// More tokens than are sorted at once, with ids that come often, and one id only.
    @Test(arguments: [(1500, 400, 40, DType.bfloat16), (9, 1, 37, .float32)])
    func rows(_ tokens: Int, _ vocabulary: Int, _ columns: Int, _ type: DType) throws {
      var both = BothBackends(try EmulatedCard.backend())
      let ids = both.pair((0..<tokens).map { _ in
        Int32(Int.random(in: 0..<vocabulary, using: &both.random) * Int.random(in: 0...1, using: &both.random))
      })
      let (table, output) = (both.normals([vocabulary, columns]), both.output([tokens, columns], type))
      let (gradient, tableGradient) = (both.normals([tokens, columns], type), both.normals([vocabulary, columns]))
      both.run { side in
        side.backend.embedding(ids: side(ids), table: side(table), scale: 1.7, into: side(output))
        side.backend.embeddingBackward(
          ids: side(ids), outputGradient: side(gradient), scale: 1.7, tableGradient: side(tableGradient))
      }
      both.compare(output, absolute: 0, relative: 0, steps: 0, "\(type), rows")
      both.compare(tableGradient, absolute: 2e-4, "\(type), table's gradient")
    }
  }
}
